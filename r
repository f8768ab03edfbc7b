Timing is on.
SET
Time: 0.193 ms
SET
Time: 0.077 ms
{"format":"linreg-reply","version":1,"fields":[{"column":"distance"},{"column":"hour"},{"column":"fare"}],"targets":1,"drops":false,"rows":"500","missing":"0,0,0","unusable":"0,0,0","centers":"3.3039780000000025,10.902,11.664059999999997","used":"500","sums":"-1.2709833185908792e-12,-1.1368683772161603e-13,1.3038459201197838e-12","products":"5477.981580758003,-597.5750780000002,23788.197999999924,10944.011144660008,1026.4989400000004,22562.856258199983"}
Time: 1.701 ms
