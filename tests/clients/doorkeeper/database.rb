# frozen_string_literal: true

# Doorkeeper's tables in SQLite, with the one property of GitLab's PostgreSQL that matters here: who
# changes a row waits for whoever is changing it, and then sees what became of it.

require 'active_record'

# One file with everything.
module Database
  # A transaction takes the lock as it begins: there is no lock of a single row.
  module Locking
    def begin_db_transaction
      log('begin immediate transaction', nil) { @connection.transaction(:immediate) }
    end

    private

    def configure_connection
      super
      # SQLite's own wait would keep every other thread of Ruby waiting as well.
      @connection.busy_handler { sleep 0.002 }
    end
  end

  ActiveSupport.on_load(:active_record_sqlite3adapter) { prepend Locking }

  def self.url(folder)
    "sqlite3:#{File.join(File.expand_path(folder), 'doorkeeper.sqlite3')}?pool=64"
  end

  # GitLab has no column `previous_refresh_token`: a pair ends as the next one is made.
  def self.fill
    ActiveRecord::Base.connection.execute('PRAGMA journal_mode = WAL')
    ActiveRecord::Schema.verbose = false
    ActiveRecord::Schema.define do
      create_table(:people) { |table| table.string :username, null: false }
      create_table :oauth_applications do |table|
        %i[name uid secret].each { |name| table.string name, null: false }
        table.text :redirect_uri, null: false
        table.string :scopes, null: false, default: ''
        table.boolean :confidential, null: false
        table.timestamps null: false
        table.index :uid, unique: true
      end
      create_table :oauth_access_grants do |table|
        %i[resource_owner_id application_id expires_in].each { |name| table.integer name, null: false }
        %i[token redirect_uri].each { |name| table.string name, null: false }
        table.string :scopes, null: false, default: ''
        %i[code_challenge code_challenge_method].each { |name| table.string name }
        table.datetime :created_at, null: false
        table.datetime :revoked_at
        table.index :token, unique: true
      end
      create_table :oauth_access_tokens do |table|
        %i[resource_owner_id application_id expires_in].each { |name| table.integer name }
        table.string :token, null: false
        %i[refresh_token scopes].each { |name| table.string name }
        table.datetime :created_at, null: false
        table.datetime :revoked_at
        %i[token refresh_token].each { |name| table.index name, unique: true }
      end
    end
  end
end
