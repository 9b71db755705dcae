// Which sites an account works for.
import type { Me, Role } from '../shell/session'

/** The sites of an account's grants in these roles, with those that are seen besides; sorted. */
export function sitesOf(me: Me, roles: readonly Role[], seen: readonly string[] = []): string[] {
  const granted = me.grants
    .filter((grant) => roles.includes(grant.role) && grant.site_id)
    .map((grant) => grant.site_id as string)
  const isEverywhere = me.grants.some(
    (grant) => roles.includes(grant.role) && !grant.site_id && !grant.reading_group_id,
  )
  return [...new Set([...granted, ...(isEverywhere ? seen : [])])].sort()
}
