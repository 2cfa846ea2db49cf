-- The demo's accounts, two in each tenant. They are added only where the demo is on. The hashes are
-- those that hashPassword (passwords.ts) made of "correct horse battery" and "staple battery
-- horse".

INSERT INTO accounts (id, tenant_id, username, name, password_hash, roles) VALUES
  ('5b0c8f0e-7d0f-4a56-9d51-3f6f6f1b7a01', 'main', 'alice', 'Alice Adair',
   '$scrypt$ln=14,r=8,p=5$WN6oJOr8VH2vjoN2nqLpEQ$AGyRQoOiHUwN1rFk4PbLnHYblNJvEsatr0HZIfJfmH0',
   '["operator"]'),
  ('c2a4e6d8-1f3b-4c5d-8e7f-9a0b1c2d3e02', 'main', 'bob', 'Bob Barton',
   '$scrypt$ln=14,r=8,p=5$dHuVsCvdSyaFCzArZOMJGg$-UpFCTFe6OD7Wlnr0iN2Bf6qm59sdxie7ag6ZpKs7sM',
   '[]'),
  ('e7d1b3a5-4c2f-4f8e-a6b9-2d3c4e5f6a03', 'south', 'alice', 'Alice Adair',
   '$scrypt$ln=14,r=8,p=5$WN6oJOr8VH2vjoN2nqLpEQ$AGyRQoOiHUwN1rFk4PbLnHYblNJvEsatr0HZIfJfmH0',
   '["operator"]'),
  ('9f8e7d6c-5b4a-4321-8fed-cba987654304', 'south', 'bob', 'Bob Barton',
   '$scrypt$ln=14,r=8,p=5$dHuVsCvdSyaFCzArZOMJGg$-UpFCTFe6OD7Wlnr0iN2Bf6qm59sdxie7ag6ZpKs7sM',
   '[]')
ON CONFLICT (id) DO UPDATE SET roles = excluded.roles;
