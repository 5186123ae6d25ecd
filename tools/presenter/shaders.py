"""GLSL of the presenter's renderer: one depth pass for the key light's shadow, one shading pass for everything."""

DEPTH_VERTEX = """
#version 330
uniform mat4 light;
in vec3 position;
in vec2 uv;
out vec2 at;
void main() { at = uv; gl_Position = light * vec4(position, 1.0); }
"""
DEPTH_FRAGMENT = """
#version 330
uniform sampler2D albedo;
uniform float cutoff;
in vec2 at;
void main() { if (texture(albedo, at).a < cutoff) discard; }
"""
VERTEX = """
#version 330
uniform mat4 camera, light;
in vec3 position, normal;
in vec2 uv;
in float occlusion, lips;
out vec3 p, n;
out float lip;
out vec2 at;
out float ao;
out vec4 lit;
void main() {
    p = position; n = normal; at = uv; ao = occlusion; lip = lips;
    lit = light * vec4(position, 1.0);
    gl_Position = camera * vec4(position, 1.0);
}
"""
# Kinds: 0 cloth, 1 skin, 2 hair, 3 eye, 4 mouth (teeth, tongue), 5 brows and lashes.
FRAGMENT = """
#version 330
uniform sampler2D albedo, shadow, bumps, folds;
uniform int kind;
uniform float cutoff;
uniform vec3 eye, key_dir, tint, lip_tint, mouth;
uniform vec2 has;  // normal map, ambient-occlusion map
uniform vec3 head_up;
in vec3 p, n;
in vec2 at;
in float ao, lip;
in vec4 lit;
out vec4 colour;
uniform float plain;

const vec3 KEY = vec3(1.00, 0.93, 0.86) * 1.25, FILL = vec3(0.78, 0.86, 1.00) * 0.30;
const vec3 RIM = vec3(1.00, 0.92, 0.82) * 1.5, SKY = vec3(0.92, 0.95, 1.0) * 0.36, GROUND = vec3(0.55, 0.42, 0.36) * 0.26;

float shade() {  // 1 in the light, 0 in shadow; a wide kernel for a soft box
    vec3 q = lit.xyz / lit.w * 0.5 + 0.5;
    if (q.x < 0.0 || q.y < 0.0 || q.x > 1.0 || q.y > 1.0) return 1.0;
    float sum = 0.0;
    for (int x = -2; x <= 2; x++) for (int y = -2; y <= 2; y++)
        sum += texture(shadow, q.xy + vec2(x, y) * 0.0032).r < q.z - 0.006 ? 0.0 : 1.0;
    return sum / 25.0;
}
float gloss(vec3 normal, vec3 view, vec3 to_light, float rough, float f0) {
    vec3 h = normalize(view + to_light);
    float a = rough * rough, nh = max(dot(normal, h), 0.0), nl = max(dot(normal, to_light), 0.0);
    float d = nh * nh * (a * a - 1.0) + 1.0;
    float f = f0 + (1.0 - f0) * pow(1.0 - max(dot(h, view), 0.0), 5.0);
    return f * a * a / (3.14159 * d * d) * nl / (4.0 * max(0.25, max(dot(normal, view), 0.0)));
}
vec3 wrap(vec3 normal, vec3 to_light, vec3 spread) {  // light that bleeds past the terminator, redder the further
    vec3 d = (vec3(dot(normal, to_light)) + spread) / (1.0 + spread);
    return max(d, 0.0);
}
vec3 perturbed(vec3 normal) {
    if (has.x < 0.5) return normal;
    vec3 dx = dFdx(p), dy = dFdy(p);
    vec2 du = dFdx(at), dv = dFdy(at);
    vec3 tangent = dx * dv.y - dy * du.y;
    tangent = normalize(tangent - normal * dot(tangent, normal) + 1e-6);
    vec3 m = texture(bumps, at).xyz * 2.0 - 1.0;
    return normalize(tangent * m.x + cross(normal, tangent) * m.y + normal * m.z * 1.2);
}
vec3 film(vec3 x) { return clamp((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0); }

void main() {
    vec4 t = texture(albedo, at);
    if (kind == 2) t = vec4(max(t.rgb, vec3(0.20, 0.145, 0.12)), smoothstep(0.08, 0.45, t.a));  // no bare black lining
    if (t.a < cutoff) discard;
    if (kind == 0 && plain > 0.5) t = vec4(1.0);
    vec3 base = pow(t.rgb, vec3(2.2)) * tint, view = normalize(eye - p), normal = normalize(n);
    if (!gl_FrontFacing && kind != 1) normal = -normal;
    normal = perturbed(normal);
    vec3 fill_dir = normalize(vec3(0.75, 0.15, 0.65)), rim_dir = normalize(vec3(0.55, 0.55, -0.75));
    vec3 rim2_dir = normalize(vec3(-0.8, 0.35, -0.55));
    float sun = shade(), open = ao * (has.y > 0.5 ? texture(folds, at).r : 1.0);
    if (kind == 0) { open = mix(0.45, 1.0, open); sun = mix(0.3, 1.0, sun); }  // cloth passes light on
    vec3 spread = kind == 1 ? vec3(0.42, 0.24, 0.18) : vec3(0.15);
    vec3 soft_sun = kind == 1 ? mix(vec3(sun), vec3(1.0), vec3(0.20, 0.09, 0.06)) : vec3(sun);
    vec3 ambient = mix(GROUND, SKY, normal.y * 0.5 + 0.5) * open;
    vec3 light = ambient + KEY * wrap(normal, key_dir, spread) * soft_sun * mix(1.0, open, 0.35)
               + FILL * wrap(normal, fill_dir, spread) * open;
    vec3 shine = vec3(0.0);
    if (kind == 1) {
        base *= mix(vec3(1.0), lip_tint, lip);
        light = pow(max(light, 0.0), vec3(0.97, 1.0, 1.02));
        float s = 0.75 * gloss(normal, view, key_dir, 0.52, 0.028) + 0.35 * gloss(normal, view, key_dir, 0.34, 0.028);
        s *= 1.0 + 0.9 * lip;
        shine = KEY * s * sun * 1.5 + FILL * gloss(normal, view, fill_dir, 0.5, 0.028);
        float edge = pow(1.0 - max(dot(normal, view), 0.0), 3.0);
        shine += RIM * (max(dot(normal, rim_dir), 0.0) + 0.6 * max(dot(normal, rim2_dir), 0.0)) * edge * 0.30 * open;
    } else if (kind == 2) {  // strands run down: highlight where the half vector is across them (Kajiya and Kay)
        vec3 strand = normalize(head_up - normal * dot(head_up, normal) + 1e-4);
        float th = dot(strand, normalize(view + key_dir)), th2 = dot(strand, normalize(view + rim_dir));
        float grain = 0.55 + 0.9 * t.g;
        shine = base * KEY * pow(max(1.0 - th * th, 0.0), 46.0) * sun * 1.1 * grain
              + base * KEY * 0.5 * pow(max(1.0 - th * th, 0.0), 130.0) * sun * grain
              + RIM * base * pow(max(1.0 - th2 * th2, 0.0), 18.0) * 0.9;
        shine *= open * open;
        light = ambient * 0.9 + KEY * (0.35 + 0.65 * max(dot(normal, key_dir), 0.0)) * mix(0.35, 1.0, sun) * open
              + FILL * 0.7 * open;
    } else if (kind == 3) {
        float grey = dot(base, vec3(0.3, 0.6, 0.1));  // the scan's iris is too red
        base = mix(vec3(grey) * vec3(1.15, 0.92, 0.74), base, 0.35) * 1.5 + vec3(0.010, 0.006, 0.004);
        light = ambient * 0.8 + KEY * 0.62 * (0.4 + 0.6 * sun) * (0.35 + 0.65 * max(dot(normal, key_dir), 0.0)) + FILL * 0.45;
        vec3 r = reflect(-view, normal);
        float box = smoothstep(0.962, 0.985, dot(r, key_dir)) * 1.5 + smoothstep(0.982, 0.993, dot(r, fill_dir)) * 0.35;
        shine = vec3(box) * mix(0.5, 1.0, sun);
        light *= mix(0.45, 1.0, smoothstep(0.2, 0.75, ao));
    } else if (kind == 4) {  // what lies behind the lips is lit through them
        float depth = clamp((p.z - (mouth.z - 0.62)) / 0.55, 0.0, 1.0);
        light = (ambient + FILL * 0.5 + KEY * 0.75 * (0.55 + 0.45 * max(dot(normal, key_dir), 0.0))) * depth * 2.1;
        float inside = 1.0 - 0.9 * smoothstep(0.13, 0.24, abs(p.x - mouth.x));  // the corners of the mouth lie in shade
        light *= inside;
        shine = vec3(gloss(normal, view, key_dir, 0.25, 0.04)) * depth * 0.6 * inside;
    } else if (kind == 0) {
        shine = KEY * gloss(normal, view, key_dir, 0.65, 0.03) * sun * 0.7;
        float edge = pow(1.0 - max(dot(normal, view), 0.0), 3.0);
        shine += RIM * max(dot(normal, rim_dir), 0.0) * edge * 0.18 * open;
    }
    vec3 c = film((base * light + shine) * 0.74);
    colour = vec4(pow(c, vec3(1.0 / 2.2)), kind == 2 || kind == 5 ? t.a : (kind == 3 ? 1.0 : 1.0));
}
"""
BACK_VERTEX = """
#version 330
in vec2 corner;
out vec2 at;
void main() { at = corner * 0.5 + 0.5; gl_Position = vec4(corner, 0.9999, 1.0); }
"""
BACK_FRAGMENT = """
#version 330
uniform sampler2D picture;
in vec2 at;
out vec4 colour;
void main() { colour = vec4(texture(picture, at).rgb, 1.0); }
"""
