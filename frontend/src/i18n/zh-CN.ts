// Chinese texts (simplified), grouped as the English ones are.

import environments from './zh/environments'
import notebook from './zh/notebook'
import shell from './zh/shell'

export default {
  ...environments,
  ...notebook,
  ...shell,
}
