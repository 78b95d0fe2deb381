"""id_number_ocr: the picture of the example request: a strip with GB 11643's own example."""

from __future__ import annotations

import base64

NUMBER = "11010519491231002X"

PNG = base64.b64decode(
    """
    iVBORw0KGgoAAAANSUhEUgAAAQAAAAAgCAAAAADYwvk4AAAC9ElEQVR42u1YvXnkOgyce99rQTma2BxNXI4mXs4mLkcT
    zqcJ59OE8hdQP5RIrb23ocVgTWkAcjAEQcq/Zvzs9g9uAW4BbgFuAW4BbgF+bPv3FWMB9hpwMhpbfQsQ8J3ZT/2vafUC
    pKg6HUCKSF8eAoBnDyAILE/B+qZ0VsHdvT4bO6D1YBEA0ADAhYvZW1otk5I7EasBydfAnmwBFu4PJXcHBZLO6AAEXYlY
    3piZmXVWQefmDoAcAa1HKqiyhA5P0enPabVM0lL0DAAIlPqHfQrMgzZNe//39NF2HtPnGficHvM8f0y/69vPw1Cb1fSY
    D+6PP/VNB2wef+pvHXdx6q1aWgcmH63HY/qc54/pvz7W7xdBwsciJgoAN37tjVhzMBBjoEksdKtmz2kdmDia5E8UoNQ8
    +MtTQHVE7wXQyquGIEkjd6t8uGyAHAO4HH2f4ZLWiUk7vJNF+c4psBHVqFYDMO0LF53UaxlarIvbGOhr8poqgoqKPaN1
    YtLqlx5wf/ceUFwYEpWX9dhJKi3jbOHIGo4AIFTGQD9y2jJWeKgf90xrZ7KsRu4bqrx9EaIuDnyKGxmD06heAedSxCGm
    DYG+7RFQ9IivaO1MAKBwW3WOl+4VAQTqgmiIhxI1qBQZikDCAIT5GOiaq5HK0skvaB2YMG2Tj27xlgDLHYI9UesL1CiY
    Iom1OEtmZlCl1ACD+P2YD3xG68SEsZ9MBWV4CLyQAbbMNNjePJdrXV1BE97clcxOQJdYxV+hdWSiJv5QmlvqLQHAcQbU
    a1a2yvDq1p5mAEiShLGcgNPAPO/50svU0jowkW/lA6L5ieK1AJKWn2M/EUlX2BlAwJkFAUBWqLSBVTpZGk772rdA61Ho
    oeVWQSsUXbV4XNJqmCCQ252kllJz9SXk13yxpY37p039IFFoO+EPAEoClpsNLKKzYtFqtE5UM/QAtB5rH1o/jGypaZe0
    WiZrrpRAyQW3hfBTAe5/iNwC3ALcAtwC3ALcAtwC/JD2P6psjP+/j7MXAAAAAElFTkSuQmCC
    """
)
"""32x256 pixels, grey; set in DejaVu Sans Mono, undisturbed."""
