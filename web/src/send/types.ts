// What the hub's API gives the sending page, as far as the page uses it.

export type Urgency = 'emergency' | 'urgent' | 'routine'
export type ArrivalState = 'arriving' | 'awaits-retake' | 'on-list' | 'being-read' | 'reported'

export interface Retake {
  retake_id: string
  case_id: string
  site_id: string
  state: 'asked' | 'acknowledged'
  reason: string
  note: string
  sop_instance_uids: string[]
  asked_by_name: string
  asked_at: string
  acknowledged_by_name: string | null
  acknowledged_at: string | null
}

export interface Arrival {
  case_id: string
  site_id: string
  study_instance_uid: string
  modality: string
  state: ArrivalState
  number_of_instances: number
  expected_instances: number | null
  is_checked: boolean
  patient_in_doubt: boolean
  identity_to_be_confirmed: boolean
  text_finding: string
  patient_name: string
  patient_id: string
  patient_birth_date: string | null
  patient_sex: string
  study_date: string | null
  study_description: string
  accession_number: string
  urgency: Urgency
  clinical_question: string
  history: string
  first_received_at: string
  last_received_at: string
  due_at: string
  reading_physician: string | null
  retake: Retake | null
  report: {
    report_id: string
    status: string
    signed_at: string
    is_received: boolean
    is_confirmed: boolean
  } | null
  thumbnail: string
  /** Where the file is that it was made of; null for DICOM. */
  original: string | null
}

export type FileState =
  | 'waiting'
  | 'unpacking'
  | 'unpacked'
  | 'stored'
  | 'held-already'
  | 'kept-as-representation'
  | 'kept-beside'
  | 'quarantined'
  | 'not-dicom'
  | 'dicomdir'
  | 'refused'
  | 'given-up'

export interface UploadFile {
  number: number
  name: string
  size: number
  received: number
  state: FileState
}

export interface Upload {
  upload_id: string
  site_id: string
  username: string
  created_at: string
  finished_at: string | null
  number_of_files: number
  files_done: number
  states: Partial<Record<FileState, number>>
  size: number
  received: number
  study_instance_uids: string[]
}

export interface UploadWithFiles extends Upload {
  files: UploadFile[]
}
