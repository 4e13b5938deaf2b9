# frozen_string_literal: true

# What the OAuth endpoints were asked and what they handed out, for the tests to look at.

require 'concurrent/array'

# A layer around the application.
class Journal
  PATHS = %w[/oauth/token /oauth/revoke /oauth/authorize_device].freeze
  HANDED = %w[access_token refresh_token].freeze
  ENTRIES = Concurrent::Array.new

  def self.entries
    ENTRIES.to_a
  end

  def initialize(application)
    @application = application
  end

  def call(environment)
    request = Rack::Request.new(environment)
    return @application.call(environment) unless request.post? && PATHS.include?(request.path)

    asked = request.POST.to_h
    status, headers, parts = @application.call(environment)
    text = +''
    parts.each { |part| text << part }
    parts.close if parts.respond_to?(:close)
    ENTRIES << entry(request.path, asked, status, text)
    [status, headers, [text]]
  end

  private

  def entry(path, asked, status, text)
    told = JSON.parse(text)
    { path: path, asked: asked, status: status, error: told['error'], handed: told.values_at(*HANDED).compact }
  rescue JSON::ParserError
    { path: path, asked: asked, status: status, error: nil, handed: [] }
  end
end
