// Runs docs/verifiers/Assertion.java for verifiers.test.ts: a token a line, and what becomes of it.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.security.GeneralSecurityException;

public final class Verifying {
  public static void main(String[] args) throws Exception {
    Assertion assertion = new Assertion(URI.create(System.getenv("KEYS_URL")), System.getenv("ISSUER"), System.getenv("AUDIENCE"));
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      try {
        System.out.println(assertion.verify(line).get("email").getAsString());
      } catch (GeneralSecurityException refused) {
        System.out.println("refused: " + refused.getMessage());
      }
    }
  }
}
