-- Two users, an administrator and a sales representative, and a little of everything.
-- What one of them must not see holds the word `canary`, so that a test finds it in any answer.
insert into auth.users (id, email, encrypted_password, raw_user_meta_data) values
  ('11111111-1111-1111-1111-111111111111', 'ada@crm.example', 'canary-hash-ada', '{"first_name": "Ada", "last_name": "Admin"}'),
  ('22222222-2222-2222-2222-222222222222', 'rob@crm.example', 'canary-hash-rob', '{"first_name": "Rob", "last_name": "Rep"}');

insert into configuration (id, config) values (1, '{}');
insert into favicons_excluded_domains (domain) values ('mail.example');
insert into tags (name, color) values ('vip', '#eddcd2'), ('customer', '#c5dedd');

insert into companies (name, sector, size, website, revenue, sales_id) values
  ('Acme Industries', 'industrials', 250, 'https://acme.example', '10M', 1),
  ('Globex', 'energy', 50, 'globex.example', '2M', 2),
  ('Hooli', null, null, null, null, 2);

insert into contacts (first_name, last_name, title, status, company_id, sales_id, tags, email_jsonb, phone_jsonb, avatar, first_seen, last_seen) values
  ('Jane', 'Doe', 'Buyer', 'warm', 1, 1, '{1}', '[{"email": "Jane.Doe@Acme.example", "type": "Work"}]', '[{"number": "+1 555 0100", "type": "Work"}]', '{}', now(), now()),
  ('John', 'Smith', 'Engineer', 'cold', 2, 2, '{}', '[{"email": "john@globex.example", "type": "Work"}]', null, '{}', now(), now()),
  ('Johnny', 'Smith', null, 'hot', 2, 2, '{1,2}', '[{"email": "johnny@globex.example", "type": "Home"}]', null, '{}', now(), now());

-- The second amount is the smallest integer that a double cannot hold.
insert into deals (name, company_id, contact_ids, category, stage, amount, expected_closing_date, sales_id, index) values
  ('Acme rollout', 1, '{1}', 'ui-design', 'opportunity', 12500, current_date + 30, 1, 0),
  ('Globex pilot', 2, '{2,3}', 'other', 'won', 9007199254740993, current_date + 45, 2, 0);

insert into tasks (contact_id, type, text, due_date, sales_id) values
  (1, 'call', 'Call Jane', now() + interval '1 day', 2),
  (2, 'email', 'Mail John', now() - interval '1 day', 2);

insert into contact_notes (contact_id, text, status, sales_id) values (1, 'Met at the fair', 'warm', 1);
insert into deal_notes (deal_id, type, text, sales_id) values (1, 'none', 'Asked for a quote', 2);
insert into storage.objects (bucket_id, name) values ('attachments', '0.42.pdf'), ('backups', 'canary-backup.sql');

insert into private_notes (owner, body) values
  ('11111111-1111-1111-1111-111111111111', 'canary-note-ada'),
  ('22222222-2222-2222-2222-222222222222', 'canary-note-rob');
