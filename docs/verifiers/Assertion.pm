# Checks a Sallyport assertion in Perl: cpan Crypt::JWT
package Assertion;
use strict;
use warnings;
use Crypt::JWT qw(decode_jwt);
use HTTP::Tiny;
use JSON::PP qw(decode_json);

my $keys;

sub keys_now {
    my $answer = HTTP::Tiny->new(timeout => 5)->get($ENV{KEYS_URL});
    die "The keys cannot be had: $answer->{status}\n" unless $answer->{success};
    return decode_json($answer->{content});
}

# The claims. Dies when the token is not for this application, not signed by the portal's keys, or not of now.
sub verify {
    my ($token) = @_;
    $keys //= keys_now();
    my %expected = (
        token        => $token,
        accepted_alg => 'ES256',
        verify_iss   => sub { $_[0] eq $ENV{ISSUER} },
        verify_aud   => sub { my ($aud) = @_; grep { $_ eq $ENV{AUDIENCE} } ref $aud ? @$aud : $aud },
        verify_exp   => 1,
        verify_nbf   => 1,
        leeway       => 30,
    );
    my $claims = eval { decode_jwt(%expected, kid_keys => $keys) };
    return $claims if defined $claims;
    # A new key may have signed.
    my $failure = $@;
    die $failure unless $failure =~ /kid/;
    $keys = keys_now();
    return decode_jwt(%expected, kid_keys => $keys);
}

1;
