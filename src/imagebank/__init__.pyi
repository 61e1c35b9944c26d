"""Researchers' doors of imagebank, for editors and type checkers."""

from imagebank.cohorts.asking import Bank as Bank
from imagebank.cohorts.query.building import Value
from imagebank.cohorts.query.questions import Table
from imagebank.cohorts.query.questions import choose as choose
from imagebank.cohorts.query.questions import codelist as codelist
from imagebank.cohorts.query.questions import earliest as earliest
from imagebank.cohorts.query.reading import read_cohort as read_cohort

__version__: str

class Patients(Table):
    """A person in the records who has at least one banked series."""

    @property
    def patient(self) -> Value:
        """Pseudonym of the patient."""

    @property
    def sex(self) -> Value:
        """Sex as recorded in the health record. One of: female, male, other, unknown."""

    @property
    def birth_year(self) -> Value:
        """Year of the birth date moved by the patient's offset. In year."""

    @property
    def ethnic_category(self) -> Value:
        """NHS ethnic category 2001: A to S, Z not stated, 99 not known."""

    @property
    def ethnic_group(self) -> Value:
        """Group of the ethnic category. One of: White, Mixed, Asian, Black, Other, not stated, not known."""

    @property
    def ethnic_grouping(self) -> Value:
        """Grouping that was used: `nhs-2001`, in which Chinese is Other, or `census-2021`, in which it is Asian. One
        of: nhs-2001, census-2021.
        """

    @property
    def deprivation_decile(self) -> Value:
        """Index of Multiple Deprivation, 1 most deprived to 10 least. In decile."""

    @property
    def deprivation_release(self) -> Value:
        """Release of the index, such as IoD2019."""

    @property
    def death_date(self) -> Value:
        """Date of death, moved by the patient's offset."""

    @property
    def last_contact_date(self) -> Value:
        """Day of the last recorded event, moved by the patient's offset; whoever is followed up is censored here."""

    @property
    def source(self) -> Value:
        """Record source the person came from."""

patients: Patients

class Scanners(Table):
    """One physical machine."""

    @property
    def scanner(self) -> Value:
        """Keyed id of manufacturer, model, station and serial number."""

    @property
    def manufacturer(self) -> Value:
        """Manufacturer, in one spelling."""

    @property
    def model(self) -> Value:
        """Manufacturer's model name."""

    @property
    def field_strength_t(self) -> Value:
        """Strength of the magnet. In tesla."""

scanners: Scanners

class Studies(Table):
    """One MR examination with at least one banked series."""

    @property
    def study(self) -> Value:
        """Keyed id of the study."""

    @property
    def patient(self) -> Value:
        """Pseudonym of the patient."""

    @property
    def session(self) -> Value:
        """BIDS session label, unique within the patient."""

    @property
    def study_date(self) -> Value:
        """Date of the study, moved by the patient's offset."""

    @property
    def age_years(self) -> Value:
        """Age at the study by the true dates, cut to a tenth. In year."""

    @property
    def scanner(self) -> Value:
        """Scanner of the study's first series."""

    @property
    def source(self) -> Value:
        """Image source the study came from."""

    @property
    def series_count(self) -> Value:
        """Number of banked series. In series."""

    @property
    def link_rule(self) -> Value:
        """Rule that linked the study to the person."""

studies: Studies

class Series(Table):
    """One banked MR series: what it shows and how it was acquired."""

    @property
    def series(self) -> Value:
        """Keyed id of the series."""

    @property
    def study(self) -> Value:
        """Keyed id of its study."""

    @property
    def patient(self) -> Value:
        """Pseudonym of the patient."""

    @property
    def scanner(self) -> Value:
        """Keyed id of its scanner."""

    @property
    def sequence(self) -> Value:
        """What the series shows. One of: T1w, T2w, FLAIR, PDw, PD+T2, T2starw, SWI, DWI, ADC, derived-DWI, BOLD, ASL,
        derived-ASL, perfusion, derived-perfusion, MRA, derived-MRA, fieldmap, localizer, MRS, qT1, qT2, qT2star,
        UNIT1, derived, secondary, non-image, non-MR, other, unknown.
        """

    @property
    def sequence_rule(self) -> Value:
        """Classification rule that fired."""

    @property
    def sequence_confidence(self) -> Value:
        """Confidence of that rule, 0 to 1."""

    @property
    def plane(self) -> Value:
        """Plane of the slices. One of: axial, sagittal, coronal, oblique, several, unknown."""

    @property
    def acquisition(self) -> Value:
        """MR acquisition type, 2D or 3D. One of: 2D, 3D."""

    @property
    def variant(self) -> Value:
        """Which kind of the sequence, such as STIR, TOF or trace; empty where there is one."""

    @property
    def component(self) -> Value:
        """Magnitude, phase, real, imaginary or several; empty where untold."""

    @property
    def dimension(self) -> Value:
        """Slices or a volume, by where the slices lie. One of: 2D, 3D, unknown."""

    @property
    def contrast_agent(self) -> Value:
        """Whether contrast agent was in the blood, judged over the whole study. One of: yes, no, unknown."""

    @property
    def fat_suppressed(self) -> Value:
        """Whether fat was suppressed; empty where untold."""

    @property
    def inverted(self) -> Value:
        """Whether an inversion pulse prepared it; empty where untold."""

    @property
    def body_part(self) -> Value:
        """Part of the body that is named. One of: phantom, spine, neck, limb, trunk, orbit, inner-ear, pituitary,
        brain, unknown.
        """

    @property
    def coverage(self) -> Value:
        """How much of the brain the slices hold. One of: whole-brain, partial, not-brain, unknown."""

    @property
    def phantom(self) -> Value:
        """Whether a phantom is named."""

    @property
    def signature(self) -> Value:
        """Signature of its protocol: equal for series made in the same way."""

    @property
    def repetition_time_ms(self) -> Value:
        """Repetition time. In ms."""

    @property
    def echo_time_ms(self) -> Value:
        """Echo time of the first echo. In ms."""

    @property
    def inversion_time_ms(self) -> Value:
        """Inversion time. In ms."""

    @property
    def flip_angle_deg(self) -> Value:
        """Flip angle. In degree."""

    @property
    def row_spacing_mm(self) -> Value:
        """Distance between rows. In mm."""

    @property
    def column_spacing_mm(self) -> Value:
        """Distance between columns. In mm."""

    @property
    def slice_thickness_mm(self) -> Value:
        """Slice thickness. In mm."""

    @property
    def rows(self) -> Value:
        """Height of the matrix. In pixel."""

    @property
    def columns(self) -> Value:
        """Width of the matrix. In pixel."""

    @property
    def instances(self) -> Value:
        """Banked instances. In instance."""

    @property
    def frames(self) -> Value:
        """Frames in all banked instances. In frame."""

    @property
    def bytes(self) -> Value:
        """Size of the banked zip. In byte."""

    @property
    def dicom_path(self) -> Value:
        """Path of the zip in the bank."""

    @property
    def conversion(self) -> Value:
        """Where the converted image went. One of: bids, unsorted, failed, pending."""

    @property
    def defaced(self) -> Value:
        """Whether the face was removed from its NIfTI images; empty without."""

    @property
    def policy(self) -> Value:
        """Hash of the de-identification policy that made it."""

series: Series

class Quality(Table):
    """One NIfTI image: what was measured of it, and whether it is usable. A metric without a value has its reason."""

    @property
    def image(self) -> Value:
        """Path of the NIfTI image in the bank."""

    @property
    def series(self) -> Value:
        """Keyed id of its series."""

    @property
    def study(self) -> Value:
        """Keyed id of its study."""

    @property
    def patient(self) -> Value:
        """Pseudonym of the patient."""

    @property
    def scanner(self) -> Value:
        """Keyed id of its scanner."""

    @property
    def software(self) -> Value:
        """Software of the scanner, as the header names it."""

    @property
    def sequence(self) -> Value:
        """What the image shows; the echoes of one series can differ."""

    @property
    def verdict(self) -> Value:
        """Whether the image is usable. One of: usable, caution, unusable, not-assessable."""

    @property
    def stratum(self) -> Value:
        """Which images it was compared with; empty when there were too few."""

    @property
    def stratum_images(self) -> Value:
        """How many they are, itself included. In image."""

    @property
    def mosaic_path(self) -> Value:
        """Path of a small picture of it in the bank."""

    @property
    def slices(self) -> Value:
        """Slices of one volume. In slice."""

    @property
    def coverage_mm(self) -> Value:
        """Length of the field of view along the patient's feet-to-head axis. In mm."""

    @property
    def missing_slices(self) -> Value:
        """Slices that the even spacing of the series' DICOM positions leaves room for and that are not there; in a
        mosaic, black slices between others. In slice.
        """

    @property
    def duplicate_slices(self) -> Value:
        """Instances beyond the usual number at one DICOM position. In slice."""

    @property
    def spacing_spread(self) -> Value:
        """Largest departure of a distance between neighbouring slices from the usual one, as a share of it; gaps of
        missing slices apart.
        """

    @property
    def shear_deg(self) -> Value:
        """Angle between the normal of the slices and the line on which they are stacked, as a tilted gantry leaves. In
        degree.
        """

    @property
    def interpolation(self) -> Value:
        """Reconstructed pixels for each acquired one, in the plane."""

    @property
    def padding_share(self) -> Value:
        """Share of the volume that is exactly zero: padding, masking, or a background set to zero."""

    @property
    def cut_top(self) -> Value:
        """Section of the head on the upper face of the field of view, as a share of its widest section."""

    @property
    def cut_sides(self) -> Value:
        """Section of the head on the worst of the left, right, front and back faces, as a share of the widest parallel
        section; first and last slices of a 2D stack are a matter of protocol and do not count.
        """

    @property
    def upside_down(self) -> Value:
        """How far the upper end of the head looks like a neck and the lower one like a vertex: section above less
        section below, as shares of the widest, where the lower end is closed; else 0.
        """

    @property
    def feet_first(self) -> Value:
        """1 where the header says that the patient lay feet first, which nobody does in a head coil; else 0."""

    @property
    def saturated_share(self) -> Value:
        """Share of the head that has the greatest value of the volume."""

    @property
    def snr(self) -> Value:
        """Signal to noise: median of the head over the standard deviation of air, corrected for its Rayleigh
        distribution.
        """

    @property
    def cnr(self) -> Value:
        """Contrast to noise: distance between the two brighter of three classes of intensity deep in the head, over
        their joint spread and that of air.
        """

    @property
    def fber(self) -> Value:
        """Mean energy of the head over that of air."""

    @property
    def efc(self) -> Value:
        """Entropy of the voxels' intensities, 0 to 1: ghosts and blur of a moving head raise it."""

    @property
    def ghosting(self) -> Value:
        """Signal of the air before and behind the head along the phase direction, less that of the other air, as a
        share of the head's.
        """

    @property
    def edge_strength(self) -> Value:
        """Mean of the strongest tenth of in-plane gradients in the head, as a share of its range of intensities."""

    @property
    def blur_voxels(self) -> Value:
        """Smoothness in the plane: full width at half maximum of a Gaussian with the same correlation of neighbours. In
        voxel.
        """

    @property
    def slice_jitter(self) -> Value:
        """Root mean square of the difference between the mean of a slice and that of its two neighbours, as a share of
        the mean of all: interleaved 2D slices of a moving head differ.
        """

    @property
    def volumes(self) -> Value:
        """Volumes of the image. In volume."""

    @property
    def shells(self) -> Value:
        """Different b-values above 50 s/mm2, to the nearest 100. In shell."""

    @property
    def directions(self) -> Value:
        """Different directions of the weighted volumes, opposite ones counted once. In direction."""

    @property
    def dropout_share(self) -> Value:
        """Share of slices of weighted volumes whose mean lies more than a fifth below the median of that slice over its
        shell.
        """

    @property
    def tsnr(self) -> Value:
        """Median over the head of each voxel's mean over its standard deviation in time, a linear trend removed."""

    @property
    def spike_share(self) -> Value:
        """Share of the means of a slice that depart from their linear trend in time by more than 6 robust standard
        deviations.
        """

    @property
    def drift_percent(self) -> Value:
        """Change of the mean signal of the volume from the first to the last, by its linear trend. In percent."""

quality: Quality

class Diagnoses(Table):
    """One recorded diagnosis of a patient."""

    @property
    def patient(self) -> Value:
        """Pseudonym of the patient."""

    @property
    def diagnosis_date(self) -> Value:
        """Date of the diagnosis, moved by the patient's offset."""

    @property
    def end_date(self) -> Value:
        """Day on which it ended or another one replaced it, moved by the patient's offset."""

    @property
    def code(self) -> Value:
        """Code, normalised: F00.1."""

    @property
    def code_system(self) -> Value:
        """Code system, such as ICD-10, ICD-11 or SNOMED."""

    @property
    def block(self) -> Value:
        """ICD-10 block of the code, such as F00-F09; `other` outside chapter V and G30-G32."""

    @property
    def role(self) -> Value:
        """Role of the diagnosis in its episode. One of: primary, secondary, unknown."""

    @property
    def source(self) -> Value:
        """Record source."""

    @property
    def origin(self) -> Value:
        """Whether the row was typed as data or found in a text. One of: structured, extracted."""

    @property
    def application(self) -> Value:
        """Program and version that found it in a text; empty for what was typed as data."""

    @property
    def imported(self) -> Value:
        """Import that brought the row: a keyed hash of the content that was read and of the mapping."""

    @property
    def repairs(self) -> Value:
        """Codes of what was repaired or is odd, in order, with blanks between; empty for a clean row."""

diagnoses: Diagnoses

class Assessments(Table):
    """One score of a patient."""

    @property
    def patient(self) -> Value:
        """Pseudonym of the patient."""

    @property
    def assessment_date(self) -> Value:
        """Date of the assessment, moved by the patient's offset."""

    @property
    def name(self) -> Value:
        """Instrument, such as MMSE."""

    @property
    def score(self) -> Value:
        """Score. In point."""

    @property
    def out_of(self) -> Value:
        """Highest score that could be reached. In point."""

    @property
    def version(self) -> Value:
        """Version of the instrument; empty where untold."""

    @property
    def source(self) -> Value:
        """Record source."""

    @property
    def origin(self) -> Value:
        """Whether the row was typed as data or found in a text. One of: structured, extracted."""

    @property
    def application(self) -> Value:
        """Program and version that found it in a text; empty for what was typed as data."""

    @property
    def imported(self) -> Value:
        """Import that brought the row: a keyed hash of the content that was read and of the mapping."""

    @property
    def repairs(self) -> Value:
        """Codes of what was repaired or is odd, in order, with blanks between; empty for a clean row."""

assessments: Assessments

class AssessmentItems(Table):
    """One item of an assessment that has items, such as HoNOS."""

    @property
    def patient(self) -> Value:
        """Pseudonym of the patient."""

    @property
    def assessment_date(self) -> Value:
        """Date of the assessment, moved by the patient's offset."""

    @property
    def name(self) -> Value:
        """Instrument, such as HoNOS."""

    @property
    def item(self) -> Value:
        """Item, as numbered on the form."""

    @property
    def score(self) -> Value:
        """Score of the item; empty where the rater did not know. In point."""

    @property
    def source(self) -> Value:
        """Record source."""

    @property
    def origin(self) -> Value:
        """Whether the row was typed as data or found in a text. One of: structured, extracted."""

    @property
    def application(self) -> Value:
        """Program and version that found it in a text; empty for what was typed as data."""

    @property
    def imported(self) -> Value:
        """Import that brought the row: a keyed hash of the content that was read and of the mapping."""

    @property
    def repairs(self) -> Value:
        """Codes of what was repaired or is odd, in order, with blanks between; empty for a clean row."""

assessment_items: AssessmentItems

class Symptoms(Table):
    """One symptom that was looked for in a patient."""

    @property
    def patient(self) -> Value:
        """Pseudonym of the patient."""

    @property
    def symptom_date(self) -> Value:
        """Date of the record, moved by the patient's offset."""

    @property
    def name(self) -> Value:
        """Symptom, as the registry names it."""

    @property
    def state(self) -> Value:
        """Whether the patient had it. One of: present, absent, past, unknown."""

    @property
    def source(self) -> Value:
        """Record source."""

    @property
    def origin(self) -> Value:
        """Whether the row was typed as data or found in a text. One of: structured, extracted."""

    @property
    def application(self) -> Value:
        """Program and version that found it in a text; empty for what was typed as data."""

    @property
    def imported(self) -> Value:
        """Import that brought the row: a keyed hash of the content that was read and of the mapping."""

    @property
    def repairs(self) -> Value:
        """Codes of what was repaired or is odd, in order, with blanks between; empty for a clean row."""

symptoms: Symptoms

class Medications(Table):
    """One drug of a patient from a day until a day."""

    @property
    def patient(self) -> Value:
        """Pseudonym of the patient."""

    @property
    def start_date(self) -> Value:
        """First day, moved by the patient's offset."""

    @property
    def end_date(self) -> Value:
        """Last day; empty while it continues, moved by the patient's offset."""

    @property
    def drug(self) -> Value:
        """Drug, as the registry names it; `other` where it has no such drug."""

    @property
    def drug_class(self) -> Value:
        """Class of the drug in the registry, such as antipsychotic."""

    @property
    def code(self) -> Value:
        """Code of the drug, where the source gives one."""

    @property
    def code_system(self) -> Value:
        """Code system of that code, such as dm+d, SNOMED or RxNorm."""

    @property
    def dose(self) -> Value:
        """Amount of one dose."""

    @property
    def unit(self) -> Value:
        """Unit of the dose; empty where untold."""

    @property
    def route(self) -> Value:
        """Route; empty where untold."""

    @property
    def frequency(self) -> Value:
        """How often, as prescribers write it; empty where untold."""

    @property
    def source(self) -> Value:
        """Record source."""

    @property
    def origin(self) -> Value:
        """Whether the row was typed as data or found in a text. One of: structured, extracted."""

    @property
    def application(self) -> Value:
        """Program and version that found it in a text; empty for what was typed as data."""

    @property
    def imported(self) -> Value:
        """Import that brought the row: a keyed hash of the content that was read and of the mapping."""

    @property
    def repairs(self) -> Value:
        """Codes of what was repaired or is odd, in order, with blanks between; empty for a clean row."""

medications: Medications

class Episodes(Table):
    """One spell of care of a patient."""

    @property
    def patient(self) -> Value:
        """Pseudonym of the patient."""

    @property
    def start_date(self) -> Value:
        """First day, moved by the patient's offset."""

    @property
    def end_date(self) -> Value:
        """Last day; empty while it is open, moved by the patient's offset."""

    @property
    def kind(self) -> Value:
        """Kind of care. One of: inpatient, outpatient, community, unknown."""

    @property
    def service(self) -> Value:
        """Kind of service, as the registry names it, such as memory; never the team's own name."""

    @property
    def source(self) -> Value:
        """Record source."""

    @property
    def origin(self) -> Value:
        """Whether the row was typed as data or found in a text. One of: structured, extracted."""

    @property
    def application(self) -> Value:
        """Program and version that found it in a text; empty for what was typed as data."""

    @property
    def imported(self) -> Value:
        """Import that brought the row: a keyed hash of the content that was read and of the mapping."""

    @property
    def repairs(self) -> Value:
        """Codes of what was repaired or is odd, in order, with blanks between; empty for a clean row."""

episodes: Episodes

class Biomarkers(Table):
    """One measured value of a patient: a blood test, a genetic score, an EEG."""

    @property
    def patient(self) -> Value:
        """Pseudonym of the patient."""

    @property
    def biomarker_date(self) -> Value:
        """Date of the sample or measurement, moved by the patient's offset."""

    @property
    def name(self) -> Value:
        """What was measured, as the registry names it."""

    @property
    def kind(self) -> Value:
        """Kind of measurement, such as blood, genetic or EEG."""

    @property
    def value(self) -> Value:
        """Value, in the unit of the row; empty for results that are no number."""

    @property
    def result(self) -> Value:
        """Result in words that the registry allows, such as e3/e4; empty for numbers."""

    @property
    def bound(self) -> Value:
        """Whether the true value lies below or above the number. One of: empty, <, >."""

    @property
    def unit(self) -> Value:
        """Unit, as the registry writes it; empty where there is none."""

    @property
    def low(self) -> Value:
        """Lower end of the laboratory's reference range."""

    @property
    def high(self) -> Value:
        """Upper end of the laboratory's reference range."""

    @property
    def source(self) -> Value:
        """Record source."""

    @property
    def origin(self) -> Value:
        """Whether the row was typed as data or found in a text. One of: structured, extracted."""

    @property
    def application(self) -> Value:
        """Program and version that found it in a text; empty for what was typed as data."""

    @property
    def imported(self) -> Value:
        """Import that brought the row: a keyed hash of the content that was read and of the mapping."""

    @property
    def repairs(self) -> Value:
        """Codes of what was repaired or is odd, in order, with blanks between; empty for a clean row."""

biomarkers: Biomarkers

class Notes(Table):
    """One note of a patient: that it exists, how long it is, and what it says once redacted."""

    @property
    def patient(self) -> Value:
        """Pseudonym of the patient."""

    @property
    def note_date(self) -> Value:
        """Date of the note, moved by the patient's offset."""

    @property
    def kind(self) -> Value:
        """Kind of note, such as progress note."""

    @property
    def characters(self) -> Value:
        """Length of the original text. In character."""

    @property
    def text(self) -> Value:
        """Redacted text; empty unless the bank lets texts in and the redactor passed it."""

    @property
    def source(self) -> Value:
        """Record source."""

    @property
    def origin(self) -> Value:
        """Whether the row was typed as data or found in a text. One of: structured, extracted."""

    @property
    def application(self) -> Value:
        """Program and version that found it in a text; empty for what was typed as data."""

    @property
    def imported(self) -> Value:
        """Import that brought the row: a keyed hash of the content that was read and of the mapping."""

    @property
    def repairs(self) -> Value:
        """Codes of what was repaired or is odd, in order, with blanks between; empty for a clean row."""

notes: Notes

class Reports(Table):
    """One report on an examination: that it exists, how long it is, and what it says once redacted."""

    @property
    def patient(self) -> Value:
        """Pseudonym of the patient."""

    @property
    def report_date(self) -> Value:
        """Date of the report, moved by the patient's offset."""

    @property
    def kind(self) -> Value:
        """Kind of report, such as radiology report."""

    @property
    def study(self) -> Value:
        """Keyed id of the banked study that it is about; empty where none is told."""

    @property
    def characters(self) -> Value:
        """Length of the original text. In character."""

    @property
    def text(self) -> Value:
        """Redacted text; empty unless the bank lets texts in and the redactor passed it."""

    @property
    def source(self) -> Value:
        """Record source."""

    @property
    def origin(self) -> Value:
        """Whether the row was typed as data or found in a text. One of: structured, extracted."""

    @property
    def application(self) -> Value:
        """Program and version that found it in a text; empty for what was typed as data."""

    @property
    def imported(self) -> Value:
        """Import that brought the row: a keyed hash of the content that was read and of the mapping."""

    @property
    def repairs(self) -> Value:
        """Codes of what was repaired or is odd, in order, with blanks between; empty for a clean row."""

reports: Reports

class Findings(Table):
    """One finding that a report or a rater states of an examination, such as a Fazekas grade."""

    @property
    def patient(self) -> Value:
        """Pseudonym of the patient."""

    @property
    def finding_date(self) -> Value:
        """Date of the report or rating, moved by the patient's offset."""

    @property
    def name(self) -> Value:
        """Finding, as the registry names it."""

    @property
    def state(self) -> Value:
        """Whether it was found. One of: present, absent, past, unknown."""

    @property
    def grade(self) -> Value:
        """Grade on the scale of the finding; empty where it has none. In point."""

    @property
    def study(self) -> Value:
        """Keyed id of the banked study that it is about; empty where none is told."""

    @property
    def source(self) -> Value:
        """Record source."""

    @property
    def origin(self) -> Value:
        """Whether the row was typed as data or found in a text. One of: structured, extracted."""

    @property
    def application(self) -> Value:
        """Program and version that found it in a text; empty for what was typed as data."""

    @property
    def imported(self) -> Value:
        """Import that brought the row: a keyed hash of the content that was read and of the mapping."""

    @property
    def repairs(self) -> Value:
        """Codes of what was repaired or is odd, in order, with blanks between; empty for a clean row."""

findings: Findings
