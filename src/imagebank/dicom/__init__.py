"""DICOM: reading headers, deciding what each element may keep, de-identifying, and telling what a series shows.

`instance` de-identifies the bytes of one file and is the door for everybody; `archive` is the step that makes one zip
of a series; `headers` is what the index learns of a file. Beside these only `policy_file`, `curation`, `folder`,
`thumbnail` and `explain` touch files: the rest are rules, and ways of reading bytes. Where each module belongs:

- the index: `headers`, `filing` (where each file of a series goes)
- bytes: `elements` (where elements lie), `repeats` (layouts that come again), `plain` (texts without pydicom),
  `original` (a header decoded where asked), `raw` (the same of a pydicom dataset), `charsets`, `data_files`
- the policy: `rule`, `policy_file`, `policy_rules`, `options`, `table_e1_1`, `iods`, `policy`; told to people by
  `policy_report`, `policy_page`, `explain`
- one value: `rewriting` (bytes to bytes), `values`, `dates`, `words`, `number_bounds`; the makers' blocks: `csa`,
  `ge`, `vendor_fields`; what the patient is called: `names`, `own_numbers`
- one instance, quickly: `plan`, `splice`, `template`, `file_head`; as it is defined, on pydicom: `deidentify`; for
  both: `method`, `decisions`
- pixels: `pixel_sizes`, `pixel_ranges`, `comments` (in compressed frames), `pixels`, `burned_in` (text), `pieces`,
  `pixel_cleaning`
- what a series shows: `fields` from `byte_places` (with `frame_groups`) or its twin `dataset_places`; `pulse`,
  `frames` and `agents` make `acquisition`; `volumes`, `geometry`, `body_parts` and `series_facts` the facts that
  `rules` decides on; `classify` puts it together
- whether that is right: `signatures`, `curation`, `opinion`, `witness`, `thumbnail`
- `folder`: any folder of files, for classification without a bank; `pacs`: fetching and receiving images
"""
