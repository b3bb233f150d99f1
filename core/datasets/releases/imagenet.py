"""ImageNet in releases: ids that are kept as numbers, names of categories, living or not.

The number after the n of a synset is its place in the noun file of WordNet 3.0, which has its parts
one after the other: animals, artefacts, ..., food, ..., people, ..., plants.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.errors import CorruptDataError

# Where animals, people and plants stand (lexicographer files 05, 18 and 20 of WordNet 3.0).
LIVING = ((1_313_093, 2_665_812), (9_483_738, 11_408_414), (11_529_603, 13_240_362))
# More than a float64 of eight digits is off, and less than the last of six decimals.
ROUNDING = 1e-8
# First word of WordNet 3.0 (Copyright 2006 by Princeton University, all rights reserved; free to
# use and distribute) for the synsets of Generic Object Decoding.
NAMES = dict(
    line.strip().split(" ", 1)
    for line in """
01443537 goldfish; 01518878 ostrich; 01621127 owl; 01639765 frog; 01645776 true toad;
01664990 hawksbill turtle; 01677366 common iguana; 01704323 triceratops; 01726692 snake;
01768244 trilobite; 01770393 scorpion; 01772222 spider; 01784675 centipede;
01787835 horseshoe crab; 01833805 hummingbird; 01846331 duck; 01855672 goose; 01858441 swan;
01877134 kangaroo; 01943899 conch; 01944390 snail; 01963571 mussel; 01970164 octopus;
01976957 crab; 02005790 ibis; 02054036 cormorant; 02055803 penguin; 02068974 dolphin;
02071294 killer whale; 02084071 dog; 02090827 greyhound; 02128385 leopard; 02131653 bear;
02139199 bat; 02190790 housefly; 02226429 grasshopper; 02233338 cockroach;
02236241 praying mantis; 02274259 butterfly; 02317335 starfish; 02346627 porcupine;
02374451 horse; 02391049 zebra; 02416519 goat; 02432983 elk; 02437136 camel;
02437971 domestic llama; 02439033 giraffe; 02445715 skunk; 02472293 homo; 02480855 gorilla;
02481823 chimpanzee; 02503517 elephant; 02508213 common raccoon; 02690373 airliner;
02692877 airship; 02766534 baby buggy; 02769748 backpack; 02797295 barrow;
02799175 baseball bat; 02800213 baseball glove; 02802215 basket; 02808440 bathtub;
02814860 beacon; 02824058 beer mug; 02841315 binoculars; 02843158 birdbath;
02882301 bowling ball; 02882647 bowling pin; 02885462 boxing glove; 02916179 bulldozer;
02943871 camera tripod; 02950256 cannon; 02951358 canoe; 02974003 car wheel;
02998003 cereal box; 03038480 clasp knife; 03063599 coffee mug; 03064758 coffin;
03079230 compact disk; 03085013 computer keyboard; 03085219 computer monitor;
03122295 covered wagon; 03124170 cowboy hat; 03187595 dial telephone; 03209910 diskette;
03237416 dress hat; 03255030 dumbbell; 03261776 earphone; 03272010 electric guitar;
03335030 fighter; 03345487 fire engine; 03345837 fire extinguisher; 03359137 flashlight;
03379051 football helmet; 03394916 French horn; 03397947 Frisbee; 03400231 frying pan;
03425413 gas pump; 03436182 ghetto blaster; 03445777 golf ball; 03452741 grand piano;
03455488 gravestone; 03467796 guitar pick; 03472535 gym shoe; 03482252 hammock;
03483823 hand calculator; 03494278 harmonica; 03495258 harp; 03496296 harpsichord;
03512147 helicopter; 03541923 hot-air balloon; 03543603 hot tub; 03544143 hourglass;
03584254 iPod; 03602883 joystick; 03607659 Kalashnikov; 03609235 kayak; 03612010 ketch;
03623556 knife; 03626115 knob; 03642806 laptop; 03646296 lathe; 03649909 lawn mower;
03665924 light bulb; 03710193 mailbox; 03716966 mandolin; 03721384 marimba;
03743279 megaphone; 03746005 menorah; 03760671 microscope; 03761084 microwave;
03767745 minaret; 03790512 motorcycle; 03792782 mountain bike; 03793489 mouse;
03815615 necktie; 03837869 obelisk; 03886762 paper clip; 03918737 personal digital assistant;
03924679 photocopier; 03941684 pincer; 03950228 pitcher; 03954393 planchet;
03982430 pool table; 04009552 projector; 04044716 radio telescope; 04070727 refrigerator;
04086273 revolver; 04090263 rifle; 04113406 roulette wheel; 04123740 saddle;
04146614 school bus; 04154565 screwdriver; 04168199 Segway; 04180888 sextant; 04197391 shirt;
04210120 shredder; 04225987 skateboard; 04233124 skyscraper; 04252077 snowmobile;
04254680 soccer ball; 04254777 sock; 04255586 soda can; 04272054 spectacles;
04273569 speedboat; 04284002 spoon; 04297750 stained-glass window; 04313503 steering wheel;
04320973 stirrup; 04373894 sword; 04376876 syringe; 04387400 tambourine; 04398044 teapot;
04401680 telephone booth; 04409515 tennis ball; 04409806 tennis racket; 04412416 tepee;
04419073 theodolite; 04442312 toaster; 04442441 toaster oven; 04477387 treadmill;
04482393 tricycle; 04497801 tuning fork; 04507155 umbrella; 04533802 videocassette recorder;
04554684 washer; 04555897 watch; 04572121 welder's mask; 04587559 windmill;
04591713 wine bottle; 04612026 yarmulke; 07734017 tomato; 07734744 mushroom;
07756951 watermelon; 07758680 grape; 11978233 sunflower; 12582231 palm;
12596148 miniature fan palm; 13111881 bonsai
""".replace("\n", " ").split(";")
)


def image_names(numbers: np.ndarray, source: str) -> list[str]:
    """Names of images from numbers such as 1443537.022563, which is n01443537_22563.

    Parameters
    ----------
    numbers : np.ndarray of shape (n,)
        Synset before the point, image within it as six decimals.
    source : str
        What they were read from, for the message.

    Raises
    ------
    CorruptDataError
        If they are not such numbers, or have lost digits as float32.
    """
    numbers = np.asarray(numbers)
    precise = numbers.astype(np.float64)
    is_id = np.isfinite(precise) & (precise >= 1) & (precise < 1e8)
    is_id &= np.abs(precise - precise.round(6)) < ROUNDING
    # Every float32 of this size is a multiple of 1/16; of genuine ids hardly any is.
    with np.errstate(over="ignore"):
        single = precise.astype(np.float32)
    is_single = numbers.dtype.itemsize < 8 or np.array_equal(numbers, single)
    if len(numbers) and (is_single or not is_id.all()):
        wrong = precise[0] if is_single else precise[~is_id][0]
        written = f"{wrong:.6f}" if np.abs(wrong) < 1e8 else f"{wrong:.3g}"
        lost = "; they have lost their last digits as float32" if is_single else ""
        raise CorruptDataError(
            f"The image ids of {source} are numbers like {written}{lost}",
            "float64 numbers such as 1443537.022563, which is n01443537_22563",
            "Download the file again; do not convert it to single precision.",
        )
    parts = [f"{number:.6f}".split(".") for number in precise]
    return [f"n{int(synset):08d}_{int(image)}" for synset, image in parts]


def wnid_of(name: str) -> str:
    """The synset of an image: n01443537 of n01443537_22563."""
    return name.partition("_")[0]


def described(ids: Sequence[str]) -> pd.DataFrame:
    """What the names of ImageNet's images tell of them.

    Returns
    -------
    pd.DataFrame
        ``id``, ``category`` (the first word of WordNet for the synset, the synset where it is not
        among ``NAMES``), ``supercategory`` ('living' or 'non-living'), ``source``, ``wnid``.
    """
    synsets = [wnid_of(name) for name in ids]
    return pd.DataFrame(
        {
            "id": list(ids),
            "category": [NAMES.get(synset[1:], synset) for synset in synsets],
            "supercategory": [living(synset) for synset in synsets],
            "source": "ImageNet",
            "wnid": synsets,
        }
    )


def living(wnid: str) -> str:
    """Whether WordNet has a synset among animals, people and plants: 'living', 'non-living'."""
    place = int(wnid[1:])
    return "living" if any(low <= place <= high for low, high in LIVING) else "non-living"
