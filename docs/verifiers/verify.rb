# Checks a Sallyport assertion in Ruby: gem install jwt
require 'json'
require 'jwt'
require 'net/http'

module Assertion
  # Asked for the keys, and again when a new one signs.
  KEYS = lambda do |options|
    @keys = nil if options[:kid_not_found]
    @keys ||= JSON.parse(Net::HTTP.get(URI(ENV.fetch('KEYS_URL'))))
  end

  # The claims. Raises JWT::DecodeError when the token is not for this application, not signed by the portal's keys, or not of now.
  def self.verify(token)
    claims, = JWT.decode(
      token, nil, true,
      algorithms: ['ES256'], jwks: KEYS,
      iss: ENV.fetch('ISSUER'), verify_iss: true,
      aud: ENV.fetch('AUDIENCE'), verify_aud: true,
      required_claims: %w[exp sub], leeway: 30
    )
    claims
  end
end
