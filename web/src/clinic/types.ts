// What the hub's API gives the clinic's page, as far as the page uses it.

export interface Confirmation {
  display_name: string
  username: string
  confirmed_at: string
}

export interface ReportLine {
  report_id: string
  case_id: string
  site_id: string
  status: 'preliminary' | 'final' | 'amended' | 'appended'
  superseded_by: string | null
  needs_notice: boolean
  modality: string
  patient_name: string
  patient_id: string
  study_date: string | null
  accession_number: string
  reading_physician: string
  signed_at: string
  is_published: boolean
  is_received: boolean
  confirmations: Confirmation[]
  links: Record<string, string>
}

export interface Inbox {
  items: ReportLine[]
  unread: number
}
