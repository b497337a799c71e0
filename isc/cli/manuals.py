"""What `isc COMMAND --help` teaches."""

DEMO = """\
Eight generated viewers of one film are rendered as videos; six of them share their expressions in two epochs.
The videos then go through the whole job, as yours would. At the end the demo says what was planted and found.

  isc demo demo                         then open demo/derivatives/isc/report.html
  isc demo demo --random-seed 3         other faces, other surrogates
"""

RUN = """\
Finished work is kept: after a crash, run the same command again. A product is made anew when its inputs, its
parameters or the code of this package changed.

  participant   track every face video, align the landmarks, check their quality, read the key logs
  group         stack the participants, compute temporal inter-subject correlation (t-ISC) and its nulls,
                relate it to the reported peaks, write figures and report.html

  isc run study study/derivatives/isc participant group --dry-run
  isc run study study/derivatives/isc participant group
  isc run study study/derivatives/isc participant --participant-label 01 02 --n-procs 2
  isc run study study/derivatives/isc group --settings window4s.toml --random-seed 7
  isc run study study/derivatives/isc participant group --scheduler tcp://10.0.0.1:8786     (shared disk, same package)
  isc run study study/derivatives/isc group --scheduler local:4                             (four processes here)
"""

EXTRACT = """\
The first part of `isc run ... participant`: face videos to landmarks, blendshapes, head pose and quality.

  isc extract study study/derivatives/isc --participant-label 01 02
"""

PEAKS = """\
The other part of `isc run ... participant`: key logs to emotional peaks on the clock of the film.

  isc peaks study study/derivatives/isc
"""

TISC = """\
The first part of `isc run ... group`: landmarks to a cube, t-ISC, surrogates, thresholds; agreement of the reported
peaks and its relation to t-ISC. Needs the landmarks of two or more participants.

  isc tisc study study/derivatives/isc --settings study.toml
"""

REPORT = """\
The last part of `isc run ... group`: figures and report.html. Needs finished synchrony (`isc tisc`).

  isc report study study/derivatives/isc --force
"""

ANALYSE = """\
For EEG, fMRI, physiology and other trackers. A cube holds the recordings of all participants on one clock; a script
reads and prepares them as the study needs it, and this command does the rest: t-ISC, its nulls, thresholds, and
report.html with a map on the head (channels with positions), in the brain (regions, voxels) or on the cortex.

  recordings = {"sub-01": isc.read_eeg("sub-01_eeg.vhdr", subject="sub-01", montage="easycap-M1"), ...}
  alpha = isc.envelope(isc.stack_subjects(recordings), bands={"alpha": (8, 12)})
  isc.resample(alpha, rate=10).to_netcdf("eeg.nc")

  isc analyse eeg.nc eeg-synchrony --settings eeg.toml      ([tisc] window, step; [null] schemes, n_surrogates)
  isc analyse bold.nc bold-synchrony --settings bold.toml --image schaefer.nii.gz
  isc analyse cortex.nc cortex-synchrony --surface-left lh.surf.gii --surface-right rh.surf.gii
"""

CALIBRATE = """\
How often would the tests of this study find synchrony where there is none? Takes your own aligned landmarks, breaks
their synchrony (everybody shifted in time by a random amount; everybody's movement turned around its mean or not) and
counts false positives. Writes group/*_calibration.tsv. 200 data sets of a film of 20 minutes take hours: start with
fewer, the interval beside each rate says what they leave open.

  isc calibrate study/derivatives/isc --n-data 50
"""

EXPLORE = """\
explore.html beside the report: a face to turn, the course of every vertex and pair, windows and thresholds. The last
part of `isc run ... group` writes it as well; it opens without a network.

  isc explore study/derivatives/isc
"""

FORGET = """\
For a participant who withdraws. Removes their folder, every product of the group that contains them (cube, t-ISC,
nulls, ..., report) and their label from the logs; notes in logs/forgotten.json that somebody withdrew (by a hash),
so that later runs leave them out; then searches every file for the label. The raw study is not touched: remove the
recordings and the row of participants.tsv yourself.

  isc forget study/derivatives/isc sub-07 --dry-run
  isc forget study/derivatives/isc sub-07 --recompute
"""

DOCTOR = """\
Python, packages, MediaPipe and its system libraries, the face model, video decoding, disk and processors; for each
fault the command that mends it.

  isc doctor
"""

IMPORT = """\
Nothing is guessed: a table says who is on which file. Everything unclear is listed at once, before a byte is
written. Nothing is overwritten: BIDS_DIR must be new, and appears whole or not at all. The lab folder is only read.

The table is tab-separated (.tsv) or comma-separated (.csv), one row a recording. Paths are relative to LAB_FOLDER.

  participant_id      needed  sub-01; letters and digits after sub- (--clean-labels drops the others)
  video               needed  face video (.mp4 .mov .avi .mkv)
  video_onset         needed  second of the video at which the film starts; n/a when unknown
  task                        film, letters and digits (or --task-id for all rows)
  session, run                for more than one recording of a participant and film; run is a number
  key_log             or n/a  tab-separated key log with a column onset (s); see below
  key_log_onset               second of the log at which the film starts; n/a when the log has a start marker
  rating              or n/a  tab-separated continuous rating: columns time (s, even steps) and value
  rating_onset                second of the rating's clock at which the film starts; n/a when unknown
  any other column            goes to participants.tsv (age, group, consent_frames, ...), equal in a participant's rows;
                              age, sex and handedness in the words of BIDS (24; male, female, other; left, right, ...)

  participant_id  video               video_onset  key_log          key_log_onset  age
  sub-01          P01/cam front.MP4   12.48        P01/keys.tsv     n/a            24
  sub-02          P02/cam.mov         3.2          n/a              n/a            31

A key log has the columns onset and, where it has them, duration, trial_type (press, start, stop) and key. Logs of
PsychoPy, E-Prime and others are read through a mapping (--log-mapping, TOML: format, units, key, time, film_start or
start_key; see isc.io.log_mapping). The log as it was goes to sourcedata/ as well. Of a video, the picture is copied
packet by packet, without the sound and without what the camera wrote beside it (place, device, date); pictures and
time stamps are then compared by hash (--whole-videos copies all, byte by byte). Files that no row names are listed
and left out.

  isc import lab study --table recordings.tsv --task-id film --dry-run
  isc import lab study --table recordings.tsv --task-id film
"""

CLASSIFY = """\
How well are expressions told apart in labelled clips by the distances of all pairs of face vertices? Every clip is
tracked once and kept. The guarded protocol (by default: one person left out at a time) says how well people never
seen are recognised; beside it stands the published one (10-fold over clips, components fitted on all clips), in
which the person who is tested is in the training set. Chance: labels permuted within people.

Names are read by the rules of the corpus; what does not follow them is listed, and nothing is guessed. A table of your
own has a row a clip, tab-separated (.tsv) or comma-separated (.csv), paths relative to CLIPS_FOLDER:

  path           needed  the video or picture
  subject        needed  who is shown
  label          needed  the expression
  take                   what is kept together: one person's expression at one occasion, with all its repetitions
  item                   what is repeated word for word
  top, left, right, bottom   of pictures with several faces: the box around the face, px
  clip, repetition, hit_rate and any other column

  isc classify ravdess out --corpus ravdess --dry-run
  isc classify ravdess out --corpus ravdess
  isc classify pedfe out --corpus pedfe --settings pedfe.toml        (its table and words: [classification])
  isc classify clips out --clips clips.tsv --split take_grouped --n-procs 2
"""
