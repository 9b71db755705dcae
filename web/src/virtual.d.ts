declare module 'virtual:words' {
  type Loaders = Record<string, () => Promise<{ default: Record<string, string> }>>
  export const loaders: { zh: Loaders; en: Loaders }
}
