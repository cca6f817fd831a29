#!/usr/bin/env python3
from wsgiref.handlers import CGIHandler

from django_site import application

CGIHandler().run(application)
