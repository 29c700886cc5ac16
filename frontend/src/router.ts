// The addresses of the page. Each route is a chunk of its own.

import { createRouter, createWebHistory } from 'vue-router'
import { takeToken } from './api/token'
import { askEarly } from './notebook/early'

// Before the router reads the address: it would write the token back into it.
takeToken()

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'start', component: () => import('./shell/StartPage.vue') },
    {
      path: '/notebooks/:id',
      name: 'notebook',
      component: () => import('./notebook/NotebookView.vue'),
      props: true,
      beforeEnter: ({ params }) => askEarly(String(params.id)),
    },
    {
      path: '/edit/:project/:path+',
      name: 'file',
      component: () => import('./shell/files/FileView.vue'),
      props: ({ params }) => ({ project: params.project, path: [params.path].flat().join('/') }),
    },
    { path: '/sessions/:id', name: 'session', component: () => import('./shell/SessionView.vue'), props: true },
    { path: '/environments', name: 'environments', component: () => import('./environments/EnvironmentsPage.vue') },
    { path: '/admin/:section?', name: 'admin', component: () => import('./shell/admin/AdminView.vue'), props: true },
    { path: '/:nowhere(.*)*', name: 'nowhere', component: () => import('./shell/NotFound.vue') },
  ],
})
