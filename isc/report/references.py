"""What the methods paragraph of a report may cite."""

from collections.abc import Mapping
from types import MappingProxyType

from isc.report.content import Citation

CITATIONS: Mapping[str, Citation] = MappingProxyType(
    {
        "isc": Citation(
            "Hasson U, Nir Y, Levy I, Fuhrmann G, Malach R (2004). Intersubject synchronization of cortical activity "
            "during natural vision. Science 303:1634-1640.",
            "10.1126/science.1089506",
        ),
        "windows": Citation(
            "Kauppi J-P, Jääskeläinen IP, Sams M, Tohka J (2010). Inter-subject correlation of brain hemodynamic "
            "responses during watching a movie: localization in space and frequency. Front Neuroinform 4:5.",
            "10.3389/fninf.2010.00005",
        ),
        "practice": Citation(
            "Nastase SA, Gazzola V, Hasson U, Keysers C (2019). Measuring shared responses across subjects using "
            "intersubject correlation. Soc Cogn Affect Neurosci 14(6).",
            "10.1093/scan/nsz037",
        ),
        "maximum_statistic": Citation(
            "Nichols TE, Holmes AP (2002). Nonparametric permutation tests for functional neuroimaging: a primer with "
            "examples. Hum Brain Mapp 15:1-25.",
            "10.1002/hbm.1058",
        ),
        "p_value": Citation(
            "Phipson B, Smyth GK (2010). Permutation p-values should never be zero: calculating exact p-values when "
            "permutations are randomly drawn. Stat Appl Genet Mol Biol 9:39.",
            "10.2202/1544-6115.1585",
        ),
        "exchangeability": Citation(
            "Winkler AM, Webster MA, Vidaurre D, Nichols TE, Smith SM (2015). Multi-level block permutation. "
            "NeuroImage 123:253-268.",
            "10.1016/j.neuroimage.2015.05.092",
        ),
        "surrogates": Citation(
            "Moulder RG, Boker SM, Ramseyer F, Tschacher W (2018). Determining synchrony between behavioral time "
            "series: an application of surrogate data generation for establishing falsifiable null-hypotheses. "
            "Psychol Methods 23:757-773.",
            "10.1037/met0000172",
        ),
        "sample_size": Citation(
            "Pajula J, Tohka J (2016). How many is enough? Effect of sample size in inter-subject correlation analysis "
            "of fMRI. Comput Intell Neurosci 2016:2094601.",
            "10.1155/2016/2094601",
        ),
        "effective_n": Citation(
            "Pyper BJ, Peterman RM (1998). Comparison of methods to account for autocorrelation in correlation "
            "analyses of fish data. Can J Fish Aquat Sci 55:2127-2140.",
            "10.1139/f98-104",
        ),
        "agreement": Citation(
            "Labs A, Reich T, Schulenburg H, Boennen M, Gehrke M, Golz M, et al. (2015). Portrayed emotions in the "
            "movie Forrest Gump. F1000Research 4:92.",
            "10.12688/f1000research.6230.1",
        ),
        "face_mesh": Citation(
            "Kartynnik Y, Ablavatski A, Grishchenko I, Grundmann M (2019). Real-time facial surface geometry from "
            "monocular video on mobile GPUs. arXiv:1907.06724.",
            "10.48550/arXiv.1907.06724",
        ),
        "alignment": Citation(
            "Umeyama S (1991). Least-squares estimation of transformation parameters between two point patterns. "
            "IEEE Trans Pattern Anal Mach Intell 13:376-380.",
            "10.1109/34.88573",
        ),
        "bids": Citation(
            "Gorgolewski KJ, Auer T, Calhoun VD, Craddock RC, Das S, Duff EP, et al. (2016). The brain imaging data "
            "structure, a format for organizing and describing outputs of neuroimaging experiments. Sci Data 3:160044.",
            "10.1038/sdata.2016.44",
        ),
    }
)
