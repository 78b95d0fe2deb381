"""captcha_ocr: the picture of the example request: a captcha of four digits."""

from __future__ import annotations

import base64

TEXT = "1362"

PNG = base64.b64decode(
    """
    iVBORw0KGgoAAAANSUhEUgAAAKAAAAA8BAMAAAATRawmAAAAGFBMVEXy8vLq6urj4+PS0tLExMS8vLy5ubmamppBhSIsAAAF
    rElEQVR42q2YwY7cuBVFD1kFeJch1ZmNEyASqw1kl3I6gyxmk5kBMttB5w/yBfmSIB8S+BOSRRbZzLQLCJBNpyk5WXgW03zs
    rMawJWYhSiWVVLbHCNFAqSXq8vG9e+9jFayNR3zw2ID+7c9qOH7C5e9//fcPBdTg9ntc2X8Oqxy0+3DADQf9xMGGQ77Ztt5d
    lx8M2Lbe7ffQtj7f9M/+vdss5ypXmffJYXxZf/zzm5r4MqeQJOp37T/jyVT72NlXlu/fDriFzvfBfYRDJN8/vG5O8Zx1SRFS
    fFeEQHxZo35SWfvo2xxjCifvqcePHcraR/X374oQ6DwUVQXdcD+nUxn6mFXhqj5QsxKh65o5IGAru1IGW2IkApw8ttOd6yfH
    BOnh1Qu7UkF7tSt2/VUxe2yL6fQjg48RFlUFpHQaobHpjogqDJBqVUkE1EWZfATQpZ8yeIywcBYg5cgHnVgD7CxQGQje17UA
    ylbOOQPgrsspgwfAYqBs6uGmOlGVq7AKCN4HiRGoFMpWgN5tAP+smW9ZFTMJuOuHrJPYCySowkCQGvG/GBJa3APs20ySGeC8
    wnqnTJvpGA2gClMZCA0kOYDqK6JWBbDtSwaIGqLcp4fbflrwBgpz4RQkESBJTigYE+luuxVib0oDKWzMUXZ5WvIGlLFfRJCR
    eEoRoqoKE0cBsKBN8vVlvuxuj7wPAaX7gNIgcwwpNLrS5+yLtgHxD2Nd/CwtmZqDuF2JMqn2EruzgBJj8LJUSmZj6v+arDKH
    NaRJBmavlFo7SDHz/kTyPRsVAoi4clTZwzkLc19pfV0SwhqePrp2BNGfuL7dILGFVe/Wu0fbzQaST6jljH2r7FgJLsuf1hLb
    1iO+jWiDbZavvNr+oQVCz9NUzwI9vG6eAj3p7cdsdve1f9aQfDoTIYdX2z99OllHpg+7284WtsmA2hArYvSQQj9VTrwVuttu
    +3pKzXm/8FwU3a77b3ZUQVVdfWRTjCfeCnj0dAF1atrWFLYwKYwTimq8JJx668yxzw0FSBOPK0yuInNvfQ/AGHuNmOxkqBn9
    tZt56xzQrvQoOoEoNcBHwddjyY/Mn3rrHFCt8UBqkewK4r3E6Z575neU627DWoCkEDDKKkihlqieZlsdmX9a5UmEaTWJchOx
    toRUC0EiqnBDsQyHm+Z8lRUgC9QkISqrICYgRNRV7l8Wulu/rPK4ZQyEwzJG33f4FHPPsiNlDZ63VHluyjPtpJQbQBKgHZ78
    lZMO2gOeP/sedVNPl7ppchtIqGrWQXOE119MC78b/1PFfiFyge98/9DkI8CySf3tN+oy3IAyon5lNvu7kbajG5qBBBbqfouV
    6SicTYtOsO2+++aKtuDCYH+pab8+7vhHVYpYc+TeqCaHQnTlVsi25a6OZnPV7/8bws1R/QbhwU5eGtSkn7zJPcwsjp9b6L5m
    1xYV0P6rmfmM3d3pyqTmEmWb3mFSAtz+zT/QlcnuscLDu7uLqxKmeHTRqCq9sCdu33vWC1AVhMB4SDzl4cIbJIFyT81c6j0V
    29pgIIXncdJv3+WHMXNRYkIpMyGmf/ZiMKOTfjv3w/mBeGiBKUgNtkK5Kiet88YAIcjoOgstawMyV1EIoTAgtehobOFwZiZO
    yRueHxK3kxR2cymnGxOdkT4MZRW2PzLlEoTwXMbmuYwwDn1x6q4SbZAQkWgoikF87qs/N5BGvPkhcTvpHkurkfsoafptQ+JQ
    glyQ1ePcYpXjqL1EYDiiJIm5BMEv8Vw5AexqZVbcUMbN94VvHBxuGiTUC43oJ24CKMq0zVlKSh+P3Ovrsrv10D1fCXC/n7aA
    Dc/lLGDyKoFNLz7Z9MmR1W/KhyngojnMEe872LyJ+3Z+3JqOE4T3+BnEGv3l5/rLz8/9fOGG7vkDhuPHn73+4zt+Ffkhw+vP
    OPB/BOQ/vPrLWyf8D8TGovNUA9ESAAAAAElFTkSuQmCC
    """
)
"""60x160 pixels, eight greys."""
