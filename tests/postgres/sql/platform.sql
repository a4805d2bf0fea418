-- What a project's database has before the CRM: sign-in, storage, extensions, queued HTTP.
-- Loaded by the superuser. The two functions that would reach the network write down instead
-- that they were called; kind, rights and schema are those of the real ones.
create schema auth;
create schema extensions;
create schema storage;
create schema net;
create extension citext with schema extensions;

grant usage on schema auth, extensions, storage, net, public to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on sequences to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on functions to anon, authenticated, service_role;

-- ---- sign-in ---------------------------------------------------------------------------
create table auth.users (
  id uuid primary key,
  email text not null unique,
  encrypted_password text not null,
  raw_user_meta_data jsonb not null default '{}'
);
grant all on auth.users to postgres;

create function auth.jwt() returns jsonb language sql stable as
$$ select coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb $$;
create function auth.uid() returns uuid language sql stable as
$$ select nullif(auth.jwt() ->> 'sub', '')::uuid $$;
create function auth.role() returns text language sql stable as
$$ select auth.jwt() ->> 'role' $$;
create function auth.email() returns text language sql stable as
$$ select auth.jwt() ->> 'email' $$;

-- ---- storage ---------------------------------------------------------------------------
create table storage.objects (
  id uuid primary key default gen_random_uuid(),
  bucket_id text not null,
  name text not null
);
alter table storage.objects enable row level security;
grant all on storage.objects to anon, authenticated, service_role;
create policy "signed-in users read attachments" on storage.objects
  for select to authenticated using (bucket_id = 'attachments');
create policy "signed-in users add attachments" on storage.objects
  for insert to authenticated with check (bucket_id = 'attachments');
create policy "signed-in users delete attachments" on storage.objects
  for delete to authenticated using (bucket_id = 'attachments');

-- ---- ways out of the database ----------------------------------------------------------
create table net.sent (
  id bigint generated always as identity primary key,
  url text not null,
  headers jsonb,
  body jsonb
);

create function net.http_post(url text, body jsonb default '{}', headers jsonb default '{}') returns bigint
language sql volatile security definer as
$$ insert into net.sent (url, headers, body) values (url, headers, body) returning id $$;

create function extensions.http_get(uri text, out status integer, out content text)
language plpgsql volatile security definer as
$$
begin
  insert into net.sent (url) values (uri);
  status := 404;
end
$$;
