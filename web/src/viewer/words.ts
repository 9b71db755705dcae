/** The application's words, as the viewer needs them. */
export { t } from "../i18n";
