// Chinese texts (simplified), grouped as the English ones are.

import notebook from './zh/notebook'
import shell from './zh/shell'

export default {
  ...notebook,
  ...shell,
}
