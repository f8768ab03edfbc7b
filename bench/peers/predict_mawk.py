"""mawk: one printf a line. Called as `python3 predict_mawk.py MODEL FILE`; the features are the first columns."""

import os
import sys

from common import linear_model

weights, bias = linear_model(sys.argv[1])
products = "".join(" + %r*$%d" % (weight, field) for field, weight in enumerate(weights.values(), 1))
program = 'NR == 1 { print "predicted_y"; next } { printf "%%.17g\\n", %r%s }' % (bias, products)
os.execvp("mawk", ["mawk", "-F,", program, sys.argv[2]])
