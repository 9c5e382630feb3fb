BEGIN TRANSACTION;
CREATE TABLE answers (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	project_id INTEGER NOT NULL, 
	annotation_id INTEGER NOT NULL, 
	side VARCHAR(10) NOT NULL, 
	label VARCHAR(100), 
	annotator VARCHAR(100) NOT NULL, 
	answered_at DATETIME NOT NULL, 
	taken_at DATETIME NOT NULL, 
	outlines JSON, 
	remark TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (project_id, annotation_id, side), 
	FOREIGN KEY(entry) REFERENCES cases (id)
);
INSERT INTO "answers" VALUES(1,4,7,900,'R','osteopenia','pseudo-1','2026-03-01 12:05:00.000000','2026-03-01 12:06:00.000000','{"femoral_neck": [[[10.0, 10.0], [20.0, 10.0], [20.0, 20.0]], [[50.0, 50.0], [60.0, 50.0], [60.0, 60.0]]]}','clear');
INSERT INTO "answers" VALUES(2,4,7,900,'L',NULL,'pseudo-1','2026-03-01 12:05:00.000000','2026-03-01 12:06:00.000000',NULL,NULL);
INSERT INTO "answers" VALUES(3,5,7,901,'R','osteoporosis','pseudo-1','2026-03-01 12:03:00.000000','2026-03-01 12:04:00.000000','{"total_hip": [[1.0, 2.0], [3.0, 4.0], [5.0, 2.0]]}',NULL);
CREATE TABLE cases (
	id INTEGER NOT NULL, 
	case_id VARCHAR(24) NOT NULL, 
	recipe VARCHAR(100) NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	reasons JSON NOT NULL, 
	difficulty FLOAT, 
	model VARCHAR(200), 
	readings JSON NOT NULL, 
	project_id INTEGER, 
	task_id INTEGER, 
	error TEXT, 
	attempts INTEGER NOT NULL, 
	holder VARCHAR(100), 
	lease_until DATETIME, 
	entered_at DATETIME NOT NULL, 
	changed_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (case_id, recipe)
);
INSERT INTO "cases" VALUES(1,'000000000000000000000000','hip_regions','waiting','["near_threshold"]',0.4,'hip_vit@0.3.0','[{"path": "000000000000000000000000.png", "side": "R", "difficulty": {"score": 0.4, "hard": true, "reasons": ["near_threshold"]}, "model": {"name": "hip_vit", "version": "0.3.0"}, "warnings": []}]',NULL,NULL,NULL,0,NULL,NULL,'2026-03-01 12:00:00.000000','2026-03-01 12:00:00.000000');
INSERT INTO "cases" VALUES(2,'000000000000000000000001','hip_regions','failed','["near_threshold"]',0.4,'hip_vit@0.3.0','[{"path": "000000000000000000000001.png", "side": "R", "difficulty": {"score": 0.4, "hard": true, "reasons": ["near_threshold"]}, "model": {"name": "hip_vit", "version": "0.3.0"}, "warnings": []}]',NULL,NULL,'Label Studio refused the film: 400, too large',1,NULL,NULL,'2026-03-01 12:00:00.000000','2026-03-01 12:02:00.000000');
INSERT INTO "cases" VALUES(3,'000000000000000000000002','hip_regions','pushed','["near_threshold"]',0.4,'hip_vit@0.3.0','[{"path": "000000000000000000000002.png", "side": "R", "difficulty": {"score": 0.4, "hard": true, "reasons": ["near_threshold"]}, "model": {"name": "hip_vit", "version": "0.3.0"}, "warnings": []}]',7,102,NULL,1,NULL,NULL,'2026-03-01 12:00:00.000000','2026-03-01 12:02:00.000000');
INSERT INTO "cases" VALUES(4,'000000000000000000000003','hip_regions','answered','["near_threshold", "requested"]',0.4,'hip_vit@0.3.0','[{"path": "000000000000000000000003.png", "side": "R", "difficulty": {"score": 0.4, "hard": true, "reasons": ["near_threshold"]}, "model": {"name": "hip_vit", "version": "0.3.0"}, "warnings": []}, {"path": "000000000000000000000003.png", "side": "L", "difficulty": {"score": 0.4, "hard": true, "reasons": ["near_threshold"]}, "model": {"name": "hip_vit", "version": "0.3.0"}, "warnings": []}]',7,103,NULL,1,NULL,NULL,'2026-03-01 12:00:00.000000','2026-03-01 12:04:00.000000');
INSERT INTO "cases" VALUES(5,'000000000000000000000004','hip_regions','answered','["near_threshold"]',0.4,'hip_vit@0.3.0','[{"path": "000000000000000000000004.png", "side": "R", "difficulty": {"score": 0.4, "hard": true, "reasons": ["near_threshold"]}, "model": {"name": "hip_vit", "version": "0.3.0"}, "warnings": []}]',7,104,NULL,1,NULL,NULL,'2026-03-01 12:00:00.000000','2026-03-01 12:04:00.000000');
INSERT INTO "cases" VALUES(6,'000000000000000000000005','hip_regions','pushing','["near_threshold"]',0.4,'hip_vit@0.3.0','[{"path": "000000000000000000000005.png", "side": "R", "difficulty": {"score": 0.4, "hard": true, "reasons": ["near_threshold"]}, "model": {"name": "hip_vit", "version": "0.3.0"}, "warnings": []}]',NULL,NULL,NULL,1,'old-holder','2026-03-01 12:11:00.000000','2026-03-01 12:00:00.000000','2026-03-01 12:01:00.000000');
INSERT INTO "cases" VALUES(7,'000000000000000000000006','hip_regions','gone','["near_threshold"]',0.4,'hip_vit@0.3.0','[{"path": "000000000000000000000006.png", "side": "R", "difficulty": {"score": 0.4, "hard": true, "reasons": ["near_threshold"]}, "model": {"name": "hip_vit", "version": "0.3.0"}, "warnings": []}]',7,106,'Its task was deleted in Label Studio; add the film again to ask anew',1,NULL,NULL,'2026-03-01 12:00:00.000000','2026-03-01 12:07:00.000000');
CREATE TABLE set_aside (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	project_id INTEGER NOT NULL, 
	annotation_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (project_id, annotation_id), 
	FOREIGN KEY(entry) REFERENCES cases (id)
);
INSERT INTO "set_aside" VALUES(1,3,7,902,'2026-03-01 12:04:00.000000','The annotation holds nothing');
CREATE TABLE transitions (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	note TEXT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(entry) REFERENCES cases (id)
);
INSERT INTO "transitions" VALUES(1,1,'2026-03-01 12:00:00.000000','waiting',NULL);
INSERT INTO "transitions" VALUES(2,2,'2026-03-01 12:00:00.000000','waiting',NULL);
INSERT INTO "transitions" VALUES(3,3,'2026-03-01 12:00:00.000000','waiting',NULL);
INSERT INTO "transitions" VALUES(4,4,'2026-03-01 12:00:00.000000','waiting',NULL);
INSERT INTO "transitions" VALUES(5,5,'2026-03-01 12:00:00.000000','waiting',NULL);
INSERT INTO "transitions" VALUES(6,6,'2026-03-01 12:00:00.000000','waiting',NULL);
INSERT INTO "transitions" VALUES(7,7,'2026-03-01 12:00:00.000000','waiting',NULL);
INSERT INTO "transitions" VALUES(8,2,'2026-03-01 12:01:00.000000','pushing',NULL);
INSERT INTO "transitions" VALUES(9,3,'2026-03-01 12:01:00.000000','pushing',NULL);
INSERT INTO "transitions" VALUES(10,4,'2026-03-01 12:01:00.000000','pushing',NULL);
INSERT INTO "transitions" VALUES(11,5,'2026-03-01 12:01:00.000000','pushing',NULL);
INSERT INTO "transitions" VALUES(12,6,'2026-03-01 12:01:00.000000','pushing',NULL);
INSERT INTO "transitions" VALUES(13,7,'2026-03-01 12:01:00.000000','pushing',NULL);
INSERT INTO "transitions" VALUES(14,3,'2026-03-01 12:02:00.000000','pushed',NULL);
INSERT INTO "transitions" VALUES(15,4,'2026-03-01 12:02:00.000000','pushed',NULL);
INSERT INTO "transitions" VALUES(16,5,'2026-03-01 12:02:00.000000','pushed',NULL);
INSERT INTO "transitions" VALUES(17,7,'2026-03-01 12:02:00.000000','pushed',NULL);
INSERT INTO "transitions" VALUES(18,2,'2026-03-01 12:02:00.000000','failed','Label Studio refused the film: 400, too large');
INSERT INTO "transitions" VALUES(19,4,'2026-03-01 12:04:00.000000','answered',NULL);
INSERT INTO "transitions" VALUES(20,5,'2026-03-01 12:04:00.000000','answered',NULL);
INSERT INTO "transitions" VALUES(21,7,'2026-03-01 12:07:00.000000','gone','Its task was deleted in Label Studio; add the film again to ask anew');
CREATE TABLE withdrawn_answers (
	id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	because TEXT NOT NULL, 
	entry INTEGER NOT NULL, 
	project_id INTEGER NOT NULL, 
	annotation_id INTEGER NOT NULL, 
	side VARCHAR(10) NOT NULL, 
	label VARCHAR(100), 
	annotator VARCHAR(100) NOT NULL, 
	answered_at DATETIME NOT NULL, 
	taken_at DATETIME NOT NULL, 
	outlines JSON, 
	remark TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO "withdrawn_answers" VALUES(1,'2026-03-01 12:06:00.000000','changed by the expert',4,7,900,'R','normal','pseudo-1','2026-03-01 12:03:00.000000','2026-03-01 12:04:00.000000','{"femoral_neck": [[[10.0, 10.0], [20.0, 10.0], [20.0, 20.0]], [[50.0, 50.0], [60.0, 50.0], [60.0, 60.0]]]}','clear');
INSERT INTO "withdrawn_answers" VALUES(2,'2026-03-01 12:06:00.000000','changed by the expert',4,7,900,'L',NULL,'pseudo-1','2026-03-01 12:03:00.000000','2026-03-01 12:04:00.000000',NULL,NULL);
CREATE INDEX ix_cases_state ON cases (state);
CREATE INDEX ix_transitions_entry ON transitions (entry);
CREATE INDEX ix_answers_entry ON answers (entry);
CREATE INDEX ix_set_aside_entry ON set_aside (entry);
COMMIT;
