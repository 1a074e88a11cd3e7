import collections
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from matrix import *
from matrix import set_scene
from cast import make_cast
from test_matrix import patch, both_factors, hub_dir, stored, scene, doors  # noqa
pytestmark = pytest.mark.django_db
def test_x(scene, doors):
    import time
    for name in ("manager","stranger","dispatcher","privacy officer"):
        for path in ("/clips/00000000-0000-4000-8000-000000000000/", f"/clips/{scene.clips['own van'].pk}/", f"/clips/{scene.clips['rival'].pk}/poster","/inbox/"):
            c=doors.clients[name] if hasattr(doors,"clients") else doors[name]
            c.get(path)
            with CaptureQueriesContext(connection) as q:
                t=time.process_time(); r=c.get(path); t=time.process_time()-t
            print(name,path,r.status_code,len(q),round(t*1000))
            if name=="manager" and path.startswith("/clips/0"):
                for x in q: print("   ",x["sql"][:230])
