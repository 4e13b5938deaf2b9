# frozen_string_literal: true

# The library that GitLab's OAuth is made of, in GitLab's place: Doorkeeper configured as GitLab
# configures it, one person who is always signed in, and the little of GitLab's API that a sign-in and
# a tool call ask for.
#
# Usage: ruby instance.rb FOLDER [SECONDS]
#
# FOLDER holds the database; access tokens live for SECONDS (7200). Beside GitLab's paths there are
#   POST /-/application  registers one with the callbacks of the server at `base`
#   POST /-/expire       every access token has expired
#   GET  /-/seen         what the OAuth endpoints were asked and what they handed out
#   GET  /-/counts       how many refreshes there were, and how many of them were refused
# <https://doorkeeper.gitbook.io/guides>, <https://docs.gitlab.com/api/oauth2/>

require 'json'
require 'logger'
require 'securerandom'
require 'active_record/railtie'
require 'action_controller/railtie'
require 'doorkeeper'
require 'rack/handler/webrick'

require_relative 'database'
require_relative 'journal'

FOLDER = ARGV.fetch(0)
LIFE = Integer(ARGV.fetch(1, '7200'))
ENV['DATABASE_URL'] = Database.url(FOLDER)

# GitLab, as far as it takes part.
class Instance < Rails::Application
  config.load_defaults 6.1
  config.log_level = :warn
  config.root = __dir__
  config.eager_load = false
  config.secret_key_base = SecureRandom.hex(64)
  config.consider_all_requests_local = false
  config.hosts.clear
  config.logger = Logger.new($stderr, level: Logger::WARN)
  config.middleware.use Journal
end

Doorkeeper.configure do
  orm :active_record
  default_generator_method :hex
  resource_owner_authenticator { Person.first }
  use_refresh_token
  enforce_configured_scopes
  force_ssl_in_redirect_uri false
  forbid_redirect_uri { |uri| %w[data vbscript javascript].include?(uri.scheme.to_s.downcase) }
  default_scopes :api
  optional_scopes :read_api, :read_user, :read_repository, :openid
  access_token_methods :from_access_token_param, :from_bearer_authorization, :from_bearer_param
  hash_token_secrets
  hash_application_secrets
  grant_flows %w[authorization_code client_credentials]
  access_token_expires_in LIFE
end

# Somebody with an account.
class Person < ActiveRecord::Base
end

Instance.initialize!
require_relative 'controllers'
Database.fill
Person.create!(id: 41, username: 'alice')
Instance.routes.draw do
  use_doorkeeper do
    controllers authorizations: 'oauth/authorizations', token_info: 'oauth/token_info'
    skip_controllers :applications, :authorized_applications
  end
  scope 'api/v4', format: false do
    get 'user', to: 'api#user'
    get 'groups', to: 'api#list'
    get 'projects/*id', to: 'api#project'
    match '*rest', to: 'api#missing', via: :all
  end
  post '-/application', to: 'tests#register'
  get '-/seen', to: 'tests#seen'
  get '-/counts', to: 'tests#counts'
  post '-/expire', to: 'tests#expire'
end

quiet = WEBrick::Log.new($stderr, WEBrick::Log::WARN)
settings = { Host: '127.0.0.1', Port: 0, MaxClients: 1000, AccessLog: [], Logger: quiet }
Rack::Handler::WEBrick.run(Instance, **settings) do |server|
  trap('TERM') { server.shutdown }
  $stdout.puts "doorkeeper #{Doorkeeper::VERSION::STRING} listening on http://127.0.0.1:#{server.listeners.first.addr[1]}"
  $stdout.flush
end
