"""The unit.toml that `custodes unit example` prints."""

EXAMPLE = """# A unit's settings. Paths are relative to this file. Each key stands in docs/reference/unit-settings.md.
# Any of them can be set from the environment, such as CUSTODES_UNIT__CLIP__PRE_ROLL_S=15.

[unit]
name = "Van 12"
state_dir = "state"            # keys, outbox, drafts, logs

# One table per lens. facing: road, driver, cabin, porch or room.
[[lens]]
name = "road"
facing = "road"
source = "road.mp4"            # a film, rtsp://user:password@camera/stream, or usb:0
realtime = true                # play a film at its own pace; cameras always are
loop = true                    # begin a film again when it ends
# sub_source = "rtsp://camera/small"   # perception reads this, `source` is recorded
# record = true                # its film goes into clips
# analyse = true               # perception looks at it
# upload = true                # its part of a clip goes to the hub
# keep_sound = false
# Polygons of [x, y], shares of width and height from the top left:
zones = { kerb = [[0.0, 0.6], [0.4, 0.5], [0.4, 1.0], [0.0, 1.0]] }
# masks = [[[0.8, 0.0], [1.0, 0.0], [1.0, 0.1], [0.8, 0.1]]]   # never looked at

[perceive]
detector = "ssd-openimages"    # 'custodes models list' shows the others

[clip]
pre_roll_s = 10                # before the event
post_roll_s = 10               # after it
max_s = 30

# Position and speed: a receiver such as "/dev/ttyACM0"; a GPX, NMEA 0183, CSV or GPMF file; or "film".
# [telemetry]
# source = "drive.gpx"
# anchor = "film"              # film: begins with the film; own: its own times; now: begins now
# loop = true

# [telemetry.bus]              # the vehicle's own bus: speed by OBD-II, belt, gear, doors (docs/telemetry.md)
# channel = "can0"

# [privacy]
# parked_after_s = 120         # then lenses on the driver and the cabin see nothing, until the vehicle moves
# personal_max_minutes = 120   # 'custodes unit personal': nothing is filmed, and no place is told
# lamp = "/sys/class/leds/recording/brightness"

# One table per rule. kind: presence, speed, mark and others: docs/reference/events.md.
[[rule]]
kind = "presence"
classes = ["person"]           # person, cat, dog, animal, bicycle, car, truck, bus
zones = ["kerb"]               # leave out: the whole picture
dwell_s = 2                    # how long before it counts
cool_down_s = 60               # quiet after a visit
severity = "warning"           # note, warning or critical

# [[rule]]                     # needs [telemetry]
# kind = "speed"
# limit_kmh = 50               # or limit_mph
# over_percent = 10            # left out: 20 % over where the limit is under 40 mph, else 10 mph over
# over_s = 60

[[rule]]
kind = "mark"                  # 'custodes unit mark' presses the button

# A lens with facing = "driver" serves the kinds eyes_closed, drowsy, yawning, looking_away, glancing,
# no_driver and lens_covered: each warns first, and keeps film on repeat or when it is grave. phone_in_hand needs a
# detector that knows phones: perceive.detector = "yolox-nano".

# A lens with facing = "road" serves the kinds forward_collision, tailgating and lane_departure (the last two only with
# telemetry); distances are read by the lens's field_of_view_deg, and its ahead = [0.5, 0.55] says where a straight
# road vanishes. stop_sign and red_light need a detector that knows them: perceive.detector = "yolox-nano".

[alert]
sound = true
# [alert.webhook]
# url = "https://example.org/hook"
# secret_file = "webhook.secret"       # signs each request (HMAC-SHA256)

# [ring]                       # continuous film on disk
# folder = "ring"
# max_gb = 50

# [ship]
# max_gb = 8                   # room for clips that wait for the hub
"""
