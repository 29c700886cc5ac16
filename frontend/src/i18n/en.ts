// English texts, grouped by the part of the screen they are in.

import notebook from './en/notebook'
import shell from './en/shell'

export default {
  ...notebook,
  ...shell,
}
