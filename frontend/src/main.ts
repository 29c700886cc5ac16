// Where the page begins.

import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { followLanguage, i18n } from './i18n'
import { router } from './router'
import './styles/base.css'
import './styles/menu.css'

const app = createApp(App).use(createPinia()).use(router).use(i18n)
followLanguage()
app.mount('#app')
