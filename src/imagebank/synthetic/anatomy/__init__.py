"""Heads with true anatomy, and what a scanner sees of them.

`head_of` makes the tissue maps of one person on one day, whose sums are the volumes that were asked for; `measured`
reads them back. `paint` turns a head into a volume by the physics of a technique; `bias`, `grain` and `spoil` make it
as imperfect as real ones. `paint_other` paints what a brain bank must refuse. Definitions and accuracy are in
docs/pretend-hospital/anatomy.md.
"""

from imagebank.synthetic.anatomy.faults import Spoilt, bias, grain, spoil
from imagebank.synthetic.anatomy.head import TISSUES, Head, head_of, measured
from imagebank.synthetic.anatomy.others import paint_other
from imagebank.synthetic.anatomy.painting import Volume, paint, projected

__all__ = [
    "TISSUES",
    "Head",
    "Spoilt",
    "Volume",
    "bias",
    "grain",
    "head_of",
    "measured",
    "paint",
    "paint_other",
    "projected",
    "spoil",
]
