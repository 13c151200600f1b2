package eureka;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.netflix.eureka.server.EnableEurekaServer;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;

/** Eureka; with a password, only for those who know it. */
@SpringBootApplication
@EnableEurekaServer
public class Server {
  public static void main(String[] args) {
    SpringApplication.run(Server.class, args);
  }

  // Clients of Eureka know nothing of tokens against forged forms: its documentation says to switch these off.
  @Bean
  SecurityFilterChain access(HttpSecurity http, @Value("${spring.security.user.password:}") String password) throws Exception {
    http.csrf(csrf -> csrf.disable());
    if (password.isEmpty()) return http.authorizeHttpRequests(all -> all.anyRequest().permitAll()).build();
    return http.authorizeHttpRequests(all -> all.anyRequest().authenticated()).httpBasic(Customizer.withDefaults()).build();
  }
}
