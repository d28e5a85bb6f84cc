import math, os
from jupyter_mlws.runfolder import mailbox
from jupyter_mlws.runfolder.journal import JournalWriter

folder = os.environ["MLWS_RUN_FOLDER"]
for mapped in (True, False):
    kind = "mapped" if mapped else "written"
    writer = JournalWriter(folder, mapped=mapped, segment_bytes=1024)
    for step in range(60):
        writer.log(f"{kind}/loss", 1 / (step + 1), step)
        writer.log("Genauigkeit ⌀", step)
    for value in (math.nan, math.inf, -math.inf, -0.0, 5e-324):
        writer.log(f"{kind}/odd", value, -(2**63) + 1)
    writer.log(f"{kind}/last", 1.0, 2**63 - 1)
mailbox.post(folder, "runs.update", {"run": "digits_1790000000_0123abcd", "update": {"tags": {"a": "b"}}})
print("done ⌀")
