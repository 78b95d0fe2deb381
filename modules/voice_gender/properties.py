"""voice_gender: the twenty acoustic properties, in the column order of `voice.csv`."""

from __future__ import annotations

SAMPLE_RATE_HZ = 16_000

# Feature name to its meaning; in `voice.csv` the header of `sp_ent` is `sp.ent`.
PROPERTIES: dict[str, str] = {
    "meanfreq": "mean frequency of the spectrum from 0 to 280 Hz, in kHz",
    "sd": "standard deviation of that frequency, in kHz",
    "median": "median frequency, in kHz",
    "Q25": "first quartile of frequency, in kHz",
    "Q75": "third quartile of frequency, in kHz",
    "IQR": "range between the quartiles, in kHz",
    "skew": "skewness of the spectrum's amplitudes",
    "kurt": "kurtosis of the spectrum's amplitudes",
    "sp_ent": "spectral entropy, 0 to 1",
    "sfm": "spectral flatness, 0 to 1",
    "mode": "frequency of the largest amplitude, in kHz",
    "centroid": "centroid of the spectrum, in kHz; the same as meanfreq",
    "meanfun": "mean fundamental frequency, in kHz",
    "minfun": "lowest fundamental frequency, in kHz",
    "maxfun": "highest fundamental frequency, in kHz",
    "meandom": "mean dominant frequency, in kHz",
    "mindom": "lowest dominant frequency, in kHz",
    "maxdom": "highest dominant frequency, in kHz",
    "dfrange": "range of the dominant frequency, in kHz",
    "modindx": "modulation index: mean step of the dominant frequency over its range, 0 to 1",
}
