"""Where the releases lie, by recording, and the steps to what needs a form.

Each id and name stands in public code or pages of the release or of its readers; none was tried
from here. A name that has changed since is refused when it is listed, before anything is brought.

==============  ================================================================================
recording       seen in
==============  ================================================================================
bold5000        figshare.com/articles/dataset/BOLD5000/6459449 (its README, file 12965441, says
                CC0; BOLD5000_ROIs.zip has 4.2 GB, BOLD5000_Stimuli.zip 5 MB) and
                BOLD5000_Release_2_0/14456124, both also in the code of readers
god             README and data/README of KamitaniLab/GenericObjectDecoding
mosaic          constants.py and stiminfo.py of murtylab/mosaic-dataset
laion_fmri      _sources.py, _paths.py and data_access.rst of ViCCo-Group/LAION-fMRI
things_fmri     plus.figshare.com/articles/dataset/.../20492835; ds004192 of OpenNeuro
bravl           README of ChangdeDu/BraVL
nsd             cvnlab.slite.page, How to get the data; naturalscenesdataset.org
algonauts2023   algonautsproject.com/2023/challenge.html; README of gifale95/algonauts_2023
==============  ================================================================================
"""

from __future__ import annotations

from core.datasets.download.indexes import Bucket, FigshareArticle
from core.datasets.download.remote import RemotePart

_BOLD5000, _BOLD5000_2 = FigshareArticle(6459449), FigshareArticle(14456124)
BOLD5000 = (
    RemotePart(
        "2.0", "ROI betas of release 2.0, all subjects", _BOLD5000_2, "*ROI*.zip", unpack=True
    ),
    RemotePart(
        "lists",
        "stimulus lists of release 2.0",
        _BOLD5000_2,
        "{subject}_imgnames.txt",
        "BOLD5000_Stimuli/Stimuli_Presentation_Lists/{subject}",
    ),
    RemotePart(
        "stimuli",
        "lists and labels of the stimuli, without images",
        _BOLD5000,
        "BOLD5000_Stimuli.zip",
        unpack=True,
    ),
    RemotePart(
        "1.0",
        "ROI responses of release 1.0, all subjects, every TR",
        _BOLD5000,
        "BOLD5000_ROIs.zip",
        unpack=True,
        is_default=False,
    ),
)

GOD = (
    RemotePart("responses", "responses of a subject", FigshareArticle(7387130), "{subject}.h5"),
    RemotePart(
        "mat",
        "the same responses for Matlab",
        FigshareArticle(7387130),
        "{subject}.mat",
        is_default=False,
    ),
)

_MOSAIC = Bucket("https://mosaicfmri.s3.amazonaws.com")
_MOSAIC_BETAS = "fMRIPrepv23_2_0/task_fMRI/betas/GLMsinglev1_2"
_MOSAIC_FOLDERS = {
    "nsd": ("NaturalScenesDataset", "Natural Scenes Dataset"),
    "bold5000": ("BOLD5000", "BOLD5000"),
    "god": ("GenericObjectDecoding", "Generic Object Decoding"),
    "things": ("THINGS", "THINGS-fMRI"),
    "deeprecon": ("deeprecon", "Deep image reconstruction"),
    "nod": ("NaturalObjectDataset", "Natural Object Dataset"),
    "bmd": ("BOLDMomentsDataset", "BOLD Moments (videos)"),
    "had": ("HumanActionsDataset", "Human Actions Dataset (videos)"),
}
MOSAIC = (
    RemotePart("stimuli", "tables of stimuli", _MOSAIC, "stimulus_info/*_stiminfo.tsv"),
    *(
        RemotePart(
            name, f"betas of {title}", _MOSAIC, f"{_MOSAIC_BETAS}/{folder}/{{subject}}*.hdf5"
        )
        for name, (folder, title) in _MOSAIC_FOLDERS.items()
    ),
)

_LAION = Bucket("https://laion-fmri.s3.us-west-2.amazonaws.com")
LAION_FMRI = (
    RemotePart(
        "betas",
        "betas of single trials, and the trials",
        _LAION,
        "derivatives/glmsingle-tedana/{subject}/*SingletrialBetas*",
    ),
    # Beside them lie the whole models (.h5), which hold the betas once more.
    RemotePart(
        "maps",
        "noise ceilings, and the mask of voxels that count",
        _LAION,
        "derivatives/glmsingle-tedana/{subject}/*space-T1w_desc-[Nm]*",
    ),
    RemotePart("rois", "masks of ROIs", _LAION, "derivatives/rois/{subject}/*"),
)

THINGS_FMRI = (
    RemotePart(
        "responses",
        "responses of single trials with their tables",
        # The bucket has a dot in its name, which certificates of subdomains do not cover.
        Bucket("https://s3.amazonaws.com/openneuro.org", "ds004192/"),
        "derivatives/ICA-betas/{subject}/voxel-metadata/*",
    ),
    RemotePart(
        "csv",
        "the same of all subjects, as on figshare",
        FigshareArticle(20492835),
        "betas_csv.zip",
        unpack=True,
        is_default=False,
    ),
)

_BRAVL = FigshareArticle(17024591)
BRAVL = (
    RemotePart("god", "GOD-Wiki: 5 subjects", _BRAVL, "GOD-Wiki.zip", unpack=True),
    RemotePart(
        "dir", "DIR-Wiki: 3 subjects", _BRAVL, "DIR-Wiki.zip", unpack=True, is_default=False
    ),
)

# Steps to what needs a form, by recording.
STEPS = {
    "bold5000": (
        "Images: follow 'Stimuli' on https://bold5000-dataset.github.io/website/download.html, "
        "unpack BOLD5000_Stimuli.zip, and name the folder that holds BOLD5000_Stimuli with --from."
    ),
    "god": (
        "Images: fill in https://forms.gle/ujvA34948Xg49jdn9; the authors send a link. Name the "
        "folder of the images with --from."
    ),
    "laion_fmri": (
        "Images: accept the agreement at https://laion-fmri.hebartlab.com/request, download "
        "task-images_stimuli.h5 and task-images_metadata.csv within the hour into a folder "
        "'stimuli', and name the folder that holds it with --from."
    ),
    "things_fmri": (
        "Images: at https://osf.io/jum2f/ read the licence, download images_THINGS.zip, unpack it "
        "with the password that password_images.txt there gives, and name the folder that holds "
        "object_images with --from."
    ),
    "nsd": (
        "1. Sign the NSD Data Access Agreement at https://naturalscenesdataset.org. 2. As its "
        "data manual says, download what you need with the AWS command line, e.g. aws s3 sync "
        "s3://natural-scenes-dataset/nsddata_betas/ppdata/subj01/func1pt8mm/"
        "betas_fithrf_GLMdenoise_RR FOLDER/nsddata_betas/ppdata/subj01/func1pt8mm/"
        "betas_fithrf_GLMdenoise_RR, likewise nsddata/experiments/nsd, nsddata/freesurfer, "
        "nsddata/ppdata/subj01/func1pt8mm/roi and nsddata_stimuli/stimuli/nsd. 3. Name FOLDER "
        "with --from."
    ),
    "algonauts2023": (
        "1. At https://algonautsproject.com/2023/challenge.html, section Challenge data, fill in "
        "the form; it leads to the folder with the zip archives subj01.zip to subj08.zip. "
        "2. Download and unpack those you need into one folder. 3. Name that folder with --from."
    ),
}
