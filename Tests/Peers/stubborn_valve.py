"""A radiator valve behind an MQTT broker that can fall silent: stubborn_valve.py HOST PORT MANNER

The manners are those of stubborn_battery.py (deaf, struck, fair, clings); each line of standard input is a manner from
then on. Takes valve/set {"setpoint": C}, and says its state on valve once a second and after each change. Its default is
20. Prints "port N" when it runs, "write VALUE" for each request when it came, and "now VALUE" when it changed.
"""

import json
import subprocess
import sys
import threading
import time

host, port, manner = sys.argv[1:4]
setpoint = 20
silent = False
lock = threading.Lock()
broker = ["-h", host, "-p", port, "-q", "1"]
listener = subprocess.Popen(
    ["mosquitto_sub", *broker, "-t", "valve/set", "-F", "%p"], stdout=subprocess.PIPE, text=True
)
speaker = subprocess.Popen(["mosquitto_pub", *broker, "-t", "valve", "-l"], stdin=subprocess.PIPE, text=True)


def say() -> None:
    if not silent:
        speaker.stdin.write(json.dumps({"setpoint": setpoint, "temperature": 19.5}) + "\n")
        speaker.stdin.flush()


def repeat() -> None:
    while True:
        with lock:
            say()
        time.sleep(1)


def obey() -> None:
    global setpoint, silent
    for line in listener.stdout:
        value = json.loads(line)["setpoint"]
        with lock:
            print("write", value, flush=True)
            if manner == "deaf" or (manner == "clings" and value == 20):
                silent = True
            else:
                setpoint = value
                silent = manner == "struck"
                print("now", value, flush=True)
            say()


threading.Thread(target=repeat, daemon=True).start()
threading.Thread(target=obey, daemon=True).start()
print("port", port, flush=True)
try:
    for line in sys.stdin:
        with lock:
            manner, silent = line.strip(), False
            print(manner, flush=True)
finally:
    listener.kill()
    speaker.kill()
