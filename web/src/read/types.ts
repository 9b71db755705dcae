// What the hub's API gives the reading page, as far as the page uses it.

export type Urgency = 'emergency' | 'urgent' | 'routine'

export interface Workitem {
  workitem_uid: string
  procedure_step_state: 'SCHEDULED' | 'IN PROGRESS' | 'COMPLETED' | 'CANCELED'
  input_readiness_state: 'INCOMPLETE' | 'UNAVAILABLE' | 'READY'
  claimed_by_name: string | null
  claimed_by_me: boolean
  lease_expires_at: string | null
}

export interface Retake {
  retake_id: string
  state: string
  reason: string
  note: string
  asked_by_name: string
  answer: string
}

export interface CaseStudy {
  study_instance_uid: string
  modality: string
  study_date: string | null
  study_description: string
  number_of_instances: number
  has_patient_conflict: boolean
  patient_differences: string[]
}

export interface Case {
  case_id: string
  site_id: string
  study_instance_uid: string
  modality: string
  urgency: Urgency
  patient_name: string
  patient_id: string
  patient_birth_date: string | null
  patient_sex: string
  study_date: string | null
  accession_number: string
  study_description: string
  text_finding: string
  clinical_question: string
  history: string
  first_received_at: string
  number_of_instances: number
  late_instances: number
  instances_since_claim: number
  clock_skew_seconds: number | null
  studies: CaseStudy[]
  due_at: string
  seconds_left: number | null
  is_arriving: boolean
  waits_for: 'instances' | 'retake' | null
  instances_seen: string | null
  open_retake: Retake | null
  workitem: Workitem
}

export interface Claim extends Case {
  heartbeat_every_seconds: number
  lease_expires_at: string | null
}

export interface Draft {
  case_id: string
  version: number
  findings: string
  impression: string
}

export interface PriorReport {
  report_id: string
  status: string
  signed_at: string
  impression: string
  path: string
}

export interface Prior {
  case_id: string
  relation: string
  site_id: string
  patient_name: string
  patient_id: string
  modality: string
  study_date: string | null
  study_description: string
  first_received_at: string
  paths: string[]
  reports: PriorReport[]
}

export interface ReportLine {
  report_id: string
  status: 'preliminary' | 'final' | 'appended' | 'amended'
  reading_physician: string
  signed_at: string
  superseded_by: string | null
  is_published: boolean
  is_received: boolean
  links: Record<string, string>
}

export interface Report extends ReportLine {
  document: {
    findings: string
    impression: string
    reason: string
    reading_physician: string
    signed_at: string
  }
}

export interface Words {
  findings: string
  impression: string
}

/** An earlier study that is hung beside this one. */
export interface StudyReference {
  siteId: string
  studyInstanceUid: string
}
