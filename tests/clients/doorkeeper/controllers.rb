# frozen_string_literal: true

# What GitLab adds to Doorkeeper's endpoints, the piece of its API, and what only tests ask.
# <https://docs.gitlab.com/api/oauth2/>, <https://docs.gitlab.com/api/rest/>

module Oauth
  # GitLab shows a page that leads back instead of a redirect when it need not ask again.
  class AuthorizationsController < Doorkeeper::AuthorizationsController
    def new
      known = pre_auth.authorizable? && pre_auth.client.application.confidential? && matching_token?
      return super unless known

      target = ERB::Util.html_escape(authorize_response.redirect_uri)
      render html: %(<meta http-equiv="refresh" content="0; url=#{target}">).html_safe
    end
  end

  # GitLab keeps two older names.
  class TokenInfoController < Doorkeeper::TokenInfoController
    private

    def doorkeeper_token_to_json
      told = doorkeeper_token.as_json
      told.merge(scopes: told[:scope], expires_in_seconds: told[:expires_in])
    end
  end
end

# The API, in GitLab's words.
class ApiController < ActionController::API
  include Doorkeeper::Helpers::Controller

  REVOKED = 'Token was revoked. You have to re-authorize from the user.'
  EXPIRED = 'Token is expired. You can either do re-authorization or token refresh.'

  before_action :require_token

  def user
    person = Person.find(doorkeeper_token.resource_owner_id)
    render json: { id: person.id, username: person.username, name: person.username, state: 'active' }
  end

  def project
    render json: { id: 1, name: 'Boxes', path_with_namespace: 'makers/boxes', default_branch: 'main' }
  end

  def list
    render json: []
  end

  def missing
    render json: { error: '404 Not Found' }, status: :not_found
  end

  private

  def require_token
    return render json: { message: '401 Unauthorized' }, status: :unauthorized unless doorkeeper_token
    return if doorkeeper_token.accessible?

    text = doorkeeper_token.revoked? ? REVOKED : EXPIRED
    render json: { error: 'invalid_token', error_description: text }, status: :unauthorized
  end
end

# What only tests ask.
class TestsController < ActionController::API
  CALLBACKS = %w[callback oauth/callback].freeze

  def register
    uid, secret = SecureRandom.hex(32), "gloas-#{SecureRandom.hex(32)}"
    made = Doorkeeper::Application.new(name: 'gitlab-mcp', uid: uid, scopes: 'api read_api read_user')
    made.redirect_uri = CALLBACKS.map { |path| "#{params.require(:base)}/#{path}" }
    made.confidential = params[:confidential] == 'true'
    made.secret_strategy.store_secret(made, :secret, secret)
    made.save!
    render json: { client_id: uid, client_secret: (secret if made.confidential) }.compact
  end

  def seen
    render json: Journal.entries
  end

  def counts
    refreshes = Journal.entries.select { |entry| entry[:asked]['grant_type'] == 'refresh_token' }
    render json: { refreshes: refreshes.size, refused: refreshes.count { |entry| entry[:status] != 200 } }
  end

  def expire
    # Not the life itself: Doorkeeper gives the next token the life of the one before.
    Doorkeeper::AccessToken.update_all(created_at: 1.day.ago)
    render json: {}
  end
end
