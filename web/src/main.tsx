import { render } from 'preact'
import './shell/theme.css'
import { App } from './shell/app'
import { watchLine } from './shell/live'
import { beginRouting } from './shell/router'
import { restoreSession } from './shell/session'
import { beginWords } from './shell/words'

restoreSession()
beginRouting()
watchLine()
void beginWords().then(() => render(<App />, document.getElementById('page')!))
