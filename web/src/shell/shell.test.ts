import { describe, expect, it } from 'vitest'
import { Problem } from './api'
import { changeOf, pauseAfter } from './live'
import { ROUTES, routeOf } from './router'
import { homeOf, isTold, type Me, type Role, readStored } from './session'

const someone = (...roles: Role[]): Me => ({
  username: 'li',
  display_name: 'Li',
  must_change_password: false,
  grants: roles.map((role) => ({ role, site_id: null, reading_group_id: null })),
})

describe('addresses', () => {
  it.each([
    ['/read', '/read', {}],
    ['/read/', '/read', {}],
    ['/cases/1.2.3', '/cases/{study}', { study: '1.2.3' }],
    ['/cases/%E5%BC%A0', '/cases/{study}', { study: '张' }],
    ['/cases/%E5%zz', '/cases/{study}', { study: '%E5%zz' }],
  ])('%s is %s', (address, path, place) => {
    expect(routeOf(address)).toEqual({ route: ROUTES.find((route) => route.path === path), place })
  })

  it.each(['/', '/cases', '/cases/1/2', '/nowhere', '/readx'])('%s is none', (address) => {
    expect(routeOf(address)).toBeNull()
  })
})

describe('who is signed in', () => {
  it.each([
    [['reader', 'clinic'], '/read'],
    [['technician', 'clinic'], '/send'],
    [['clinic'], '/clinic'],
    [['admin'], '/admin'],
    [['auditor'], '/admin'],
    [[], '/account'],
  ] as [Role[], string][])('with %s works at %s', (roles, home) => {
    expect(homeOf(someone(...roles))).toBe(home)
    // Nobody is sent to a page that is not theirs.
    const own = ROUTES.find((route) => route.path === home)?.roles
    expect(own === undefined || roles.some((role) => own.includes(role))).toBe(true)
  })

  it('is told what happens, unless they only look at what was done', () => {
    expect(isTold(someone('auditor'))).toBe(false)
    expect(isTold(someone())).toBe(false)
    expect(isTold(someone('auditor', 'clinic'))).toBe(true)
  })

  it.each([null, '', 'null', '{', '{}', '[]', '{"csrf_token":1,"grants":[]}'])('is nobody by %s', (text) => {
    expect(readStored(text)).toBeNull()
  })
})

describe('problems', () => {
  const problem = (kind: string, status: number) =>
    new Problem(kind, { type: `/problems/${kind}`, title: 'Title', status, detail: 'The detail.' })

  it('are told in the words of the hub where we have none', () => {
    expect(problem('something-new', 409).words).toBe('The detail.')
  })

  it.each([
    ['offline', 0, true],
    ['storage-unavailable', 503, true],
    ['stale-version', 412, false],
    ['not-found', 404, false],
  ])('%s passes by itself: %s', (kind, status, passes) => {
    expect(problem(kind, status).isPassing).toBe(passes)
  })
})

describe('live', () => {
  it('waits longer after each failure, but not for ever', () => {
    expect([0, 1, 2, 9, 99].map(pauseAfter)).toEqual([1000, 2000, 4000, 30000, 30000])
  })

  it.each(['', '{', '[]', '{"kind":1}'])('takes what it cannot read (%s) for "look again"', (text) => {
    expect(changeOf(text)).toBeNull()
  })

  it('reads a change', () => {
    const told = { kind: 'workitem.claimed', site_id: 'a', study_instance_uid: '1.2', case_id: null }
    expect(changeOf(JSON.stringify({ ...told, more: 1 }))).toEqual(told)
  })
})
