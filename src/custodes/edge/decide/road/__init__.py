"""The traffic ahead, from one road lens: who leads, how close, how fast closing, and how they came there."""
