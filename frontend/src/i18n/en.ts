// English texts, grouped by the part of the screen they are in.

import environments from './en/environments'
import notebook from './en/notebook'
import shell from './en/shell'

export default {
  ...environments,
  ...notebook,
  ...shell,
}
