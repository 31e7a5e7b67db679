"""Which attributes identify a patient, and what is shown in their place."""

from __future__ import annotations

#: What stands in the place of a hidden value.
HIDDEN = "[hidden]"

#: Value representations that hold people's names or free dates, whatever the attribute.
_IDENTIFYING_VRS = {"PN", "DA", "DT", "TM"}

#: Attributes of the Basic Application Level Confidentiality Profile (PS3.15 Table E.1-1) by which a person or a
#: place is found: removed, emptied or replaced there. UIDs belong to them: they lead back to the archive.
_IDENTIFYING = frozenset(
    """
    AccessionNumber AcquisitionComments AdditionalPatientHistory AdmissionID AdmittingDiagnosesDescription Allergies
    AuthorObserverSequence ClinicalTrialSubjectID ClinicalTrialSubjectReadingID ClinicalTrialSiteID
    ClinicalTrialSiteName ConfidentialityConstraintOnPatientDataDescription CountryOfResidence
    CurrentPatientLocation CustodialOrganizationSequence DeviceSerialNumber DeviceUID DetectorID
    DerivationDescription EthnicGroup FillerOrderNumberImagingServiceRequest FrameComments GantryID GeneratorID
    IdentifyingComments ImageComments InstitutionAddress InstitutionCodeSequence InstitutionName
    InstitutionalDepartmentName IssuerOfPatientID IssuerOfAdmissionID LastMenstrualDate MedicalAlerts
    MedicalRecordLocator MilitaryRank NameOfPhysiciansReadingStudy NamesOfIntendedRecipientsOfResults Occupation
    OperatorsName OtherPatientIDs OtherPatientIDsSequence OtherPatientNames PatientAddress PatientAge
    PatientBirthDate PatientBirthName PatientBirthTime PatientComments PatientID PatientInsurancePlanCodeSequence
    PatientInstitutionResidence PatientMotherBirthName PatientName PatientReligiousPreference PatientSex
    PatientSize PatientState PatientTelecomInformation PatientTelephoneNumbers PatientTransportArrangements
    PatientWeight PerformedLocation PerformedProcedureStepDescription PerformedProcedureStepID
    PerformedStationName PerformingPhysicianIdentificationSequence PersonAddress PersonIdentificationCodeSequence
    PersonName PersonTelephoneNumbers PhysiciansOfRecordIdentificationSequence PlacerOrderNumberImagingServiceRequest
    PlateID PregnancyStatus ProtocolName ReasonForTheRequestedProcedure ReferringPhysicianAddress
    ReferringPhysicianIdentificationSequence ReferringPhysicianTelephoneNumbers RegionOfResidence
    RequestAttributesSequence RequestedProcedureComments RequestedProcedureDescription RequestedProcedureID
    RequestedProcedureLocation RequestingService ResponsibleOrganization ResponsiblePerson ScheduledProcedureStepID
    ScheduledStationName ScheduledPerformingPhysicianName SeriesDescription ServiceEpisodeID SmokingStatus
    SpecialNeeds StationName StudyComments StudyDescription StudyID StudyIDIssuer TextComments TextString TextValue
    UID VerifyingOrganization VisitComments
    """.split()
)
#: UIDs that name a kind of thing, not this patient's.
_PUBLIC_UIDS = {
    "SOPClassUID",
    "MediaStorageSOPClassUID",
    "TransferSyntaxUID",
    "ReferencedSOPClassUID",
    "ImplementationClassUID",
    "CodingSchemeUID",
    "ContextUID",
    "MappingResourceUID",
    "RelatedGeneralSOPClassUID",
}


def identifies(keyword: str, vr: str, private: bool = False) -> bool:
    """Whether an attribute may tell who the patient is.

    Names, dates and times, UIDs of instances, and what the basic de-identification profile of PS3.15 removes,
    replaces or empties; and every private attribute, since nobody knows what it holds. Text drawn into the
    pixels is not found.
    """
    if private or vr in _IDENTIFYING_VRS or keyword in _IDENTIFYING:
        return True
    return vr == "UI" and keyword not in _PUBLIC_UIDS
