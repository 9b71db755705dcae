// What the hub tells of a case.

export interface StudyCase {
  case_id: string
  site_id: string
  study_instance_uid: string
}

export interface Study {
  study_instance_uid: string
  modality: string
  study_date: string | null
  study_description: string
  number_of_instances: number
  has_patient_conflict: boolean
  path: string
}

export interface Case {
  case_id: string
  site_id: string
  study_instance_uid: string
  modality: string
  urgency: string
  patient_name: string
  patient_id: string
  patient_birth_date: string | null
  patient_sex: string
  study_date: string | null
  accession_number: string
  study_description: string
  clinical_question: string
  history: string
  first_received_at: string
  number_of_instances: number
  late_instances: number
  due_at: string
  seconds_left: number | null
  studies: Study[]
  workitem: { procedure_step_state: string; claimed_by_name: string | null }
}

export interface Happening {
  sequence: number | null
  kind: string
  words: string
  at: string
  actor: string
  actor_name: string
  subject: string
  body: Record<string, unknown>
}

export interface Report {
  report_id: string
  number: number
  status: string
  superseded_by: string | null
  reading_physician: string
  signed_at: string
}

/** A file that an instance was made of. */
export interface Original {
  sop_instance_uid: string
  number: number
  name: string
  kind: string
  size: number
  link: string
}
