// What the hub answers to administrators.

export interface Items<Item> {
  items: Item[]
}

export interface Site {
  site_id: string
  name: string
  time_zone: string
  quiet_seconds: number
  is_self_test: boolean
  disabled_at: string | null
}

export interface Certificate {
  fingerprint: string
  subject: string
  not_after: string
}

export interface Device {
  device_id: string
  site_id: string
  name: string
  calling_ae_title: string
  called_ae_title: string
  network: string
  certificates: Certificate[]
  needs_certificate: boolean
  is_disabled: boolean
}

export interface UnknownDevice {
  unknown_device_id: string
  calling_ae_title: string
  called_ae_title: string
  address: string
  refusal: string
  proposed: string
  certificate: Certificate | null
  attempts: number
  last_seen_at: string
}

export interface Route {
  site_id: string
  modality: string | null
}

export interface Group {
  reading_group_id: string
  name: string
  routes: Route[]
  disabled_at: string | null
}

export interface Grant {
  role: string
  site_id: string | null
  reading_group_id: string | null
}

export interface User {
  user_id: string
  username: string
  display_name: string
  must_change_password: boolean
  is_disabled: boolean
  grants: Grant[]
}

export interface Token {
  token_id: string
  username: string
  name: string
  is_disabled: boolean
}

export interface CharacterSet {
  site_id: string
  origin_kind: string
  source: string
  declared: string
  encoding: string
  decided_by: string
  decided_at: string
  is_set_by_person: boolean
}

export interface KeptAside {
  kept_key: string
  reason: 'conflict' | 'patient-conflict' | 'quarantine'
  detail: string
  site_id: string
  study_instance_uid: string
  sop_instance_uid: string
  size: number
  received_at: string
  settled_as: 'readmitted' | 'kept-apart' | 'discarded' | null
  settled_by: string | null
  settled_reason: string | null
  bytes_deleted_at: string | null
}

export interface Look {
  held_sop_instance_uid: string | null
  problem: string
  elements: { tag: string; keyword: string; kept: string | null; held: string | null; differs: boolean }[]
}

export interface FlaggedStudy {
  site_id: string
  study_instance_uid: string
  patient_key: string
  differences: string[]
  patient_id: string
  patient_name: string
  patient_birth_date: string | null
  patient_sex: string
  study_date: string | null
  study_description: string
}

export interface Alarm {
  kind: string
  site_id: string
  detail: string
}

export interface UnroutedCase {
  case_id: string
  site_id: string
  study_instance_uid: string
  modalities: string[]
  urgency: string
  due_at: string
  reason: string
}

export interface Figures {
  version: string
  database: string
  object_store: string
  object_store_answers: boolean
  free_bytes: Record<string, number>
  takes_more: boolean
  feed_lag: Record<string, number>
  jobs_waiting: Record<string, number>
  jobs_late: Record<string, number>
  jobs_given_up: Record<string, number>
  audit_unchained: number
  audit_unchained_seconds: number
  cases_waiting: Record<string, number>
  cases_claimed: Record<string, number>
  cases_overdue: Record<string, number>
  oldest_waiting_seconds: number
  kept_aside_undecided: number
  kept_aside_bytes: number
  patient_conflicts: number
  flagged_studies: number
}
