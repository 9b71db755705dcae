// Tokens of programs, each acting as one account. The secret is shown once, by the answer that made it.
import { post } from '../shell/api'
import { t } from '../shell/words'
import { useListed } from './listed'
import { enableForm, type Form, InUse, Rows, Section } from './parts'
import type { Items, Token, User } from './types'
import type { Secret } from './users'

function tokenForm(users: User[], show: (secret: Secret) => void, done: () => void): Form {
  return {
    title: t('admin.add-token'),
    text: t('admin.token-text'),
    submit: t('admin.add'),
    blanks: () => [
      {
        name: 'user_id',
        label: t('shell.username'),
        options: users.filter((user) => !user.is_disabled).map((user) => [user.user_id, user.username]),
        isRequired: true,
      },
      { name: 'name', label: t('admin.token-for'), isRequired: true },
    ],
    send: async ({ user_id, name }) => {
      const made = await post<{ token: string }>(`/api/v1/users/${user_id}/tokens`, { name })
      done()
      show({ title: t('admin.token-named', { name: name ?? '' }), secret: made.token })
    },
  }
}

function disableTokenForm(token: Token, done: () => void): Form {
  return {
    title: t('admin.disable-title', { name: token.name }),
    text: t('admin.disable-token-text'),
    submit: t('admin.disable'),
    isDanger: true,
    blanks: () => [],
    send: async () => {
      await post(`/api/v1/tokens/${token.token_id}/disable`)
      done()
    },
  }
}

function TokenRows(props: { tokens: Token[]; open: (form: Form) => void; done: () => void }) {
  const refuse = (token: Token): Form => {
    if (token.is_disabled)
      return enableForm(token.name, `/api/v1/tokens/${token.token_id}/enable`, props.done)
    return disableTokenForm(token, props.done)
  }
  return (
    <>
      {props.tokens.map((token) => (
        <tr key={token.token_id}>
          <td>{token.name}</td>
          <td>{token.username}</td>
          <td>
            <InUse isDisabled={token.is_disabled} />
          </td>
          <td class="acts">
            <button type="button" class="quiet" onClick={() => props.open(refuse(token))}>
              {t(token.is_disabled ? 'admin.enable' : 'admin.disable')}
              <span class="sr-only"> {token.name}</span>
            </button>
          </td>
        </tr>
      ))}
    </>
  )
}

export function Tokens(props: { users: User[]; open: (form: Form) => void; show: (secret: Secret) => void }) {
  const tokens = useListed<Items<Token>>('/api/v1/tokens')
  return (
    <Section
      title={t('admin.tokens')}
      text={t('admin.tokens-text')}
      problem={tokens.problem}
      act={
        <button type="button" onClick={() => props.open(tokenForm(props.users, props.show, tokens.reload))}>
          {t('admin.add-token')}
        </button>
      }
    >
      <Rows
        heads={[t('admin.token-for'), t('shell.username'), t('admin.state'), '']}
        isEmpty={!tokens.body?.items.length}
        empty={tokens.body ? t('admin.none') : t('admin.loading')}
      >
        <TokenRows tokens={tokens.body?.items ?? []} open={props.open} done={tokens.reload} />
      </Rows>
    </Section>
  )
}
