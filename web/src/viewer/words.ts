/** The application's words, as the viewer needs them. */
export { t, tOr } from '../shell/words'
