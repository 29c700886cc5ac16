// Stands for what libraries load when it is there, and what nothing of ours asks them for.

export default undefined
